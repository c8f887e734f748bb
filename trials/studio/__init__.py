"""The researchers' pages: datasets, studies, the editor, the preview, the launch."""
