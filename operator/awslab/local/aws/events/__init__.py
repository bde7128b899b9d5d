"""EventBridge: rules that match events and deliver them."""
