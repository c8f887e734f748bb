"""Static files under names that carry their content's hash, and modules that import such names."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage that also rewrites ``import`` in our scripts.

    Without it a module's imports keep their plain names, which browsers ask for again and again.
    """

    support_js_module_import_aggregation = True
