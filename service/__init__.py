"""The composition: settings, wiring, REST, command line."""
