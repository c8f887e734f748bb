"""``python -m study_site.demo``: set up and serve the demo."""

from study_site.demo.serve import main

main()
