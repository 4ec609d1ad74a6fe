"""The embedded store by itself: recall within filters, quantisation, restart, memory."""
