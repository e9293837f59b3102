"""Is the debugger right? Studies, drills with planted faults, attribution by retraining."""
