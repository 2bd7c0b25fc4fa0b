"""The worker: schedules, uploads, and jobs of officers."""
