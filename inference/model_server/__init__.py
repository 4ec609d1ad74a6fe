"""Our own small model server: OCR, transcription and bge-m3, a process for each model."""
