"""The explanation panels: what a trial's page shows beside the photo and the AI's answer."""
