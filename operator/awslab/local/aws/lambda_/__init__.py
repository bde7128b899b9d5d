"""Lambda: functions that truly run, in processes of their own."""
