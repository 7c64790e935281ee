"""Parley's model: ears, backbone, voice, and the assistant that they make."""

import os

# Here, because this runs before any module of ours can import ONNX Runtime: from its import on it tells Microsoft about the machine and the
# networks, under an id that it leaves in the user's home (1.31.1). Its Python call to stop that comes too late for the first report.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
