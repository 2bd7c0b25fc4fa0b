"""The worker: schedules, uploads, and what officers ask for."""
