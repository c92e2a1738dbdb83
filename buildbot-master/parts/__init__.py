"""The parts of master.cfg."""
