"""Mini's world as dialogue: facts, wordings, and the speech made of them."""
