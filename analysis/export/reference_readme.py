"""README.md of the files in the reference study's schemas."""

README = """# The answers in the reference study's schemas

`CUB-Human-Study-Summary.csv` and `ImageNet-Human-Study-Summary.csv` have the same answers, in the
columns of the files that Nguyen, Taesiri & Nguyen (NeurIPS 2022) published. So programs for those
files can read them. They have all participants who completed, before any exclusion.

{outcome}

| column | how it is filled |
|---|---|
| `UID` | CUB: 24 digits of a keyed hash of study, version and pseudonym, with the condition's name in the reference study. ImageNet: a number of {digits} digits from that hash. It is the same in each export of a study and different in each study; it does not identify a person |
| `Query` | the photo's file name; its path with `_` for `/` if two photos have the same name |
| `Method` | the reference study's name of the condition with the same classifier and view |
| `Counter balance` | number of the test set |
| `Correctness`, `ClassifierCorrectness` | `is_correct`, `is_ai_correct` as 1 and 0 |
| `ConfidenceScore`, `*-Conf` | shares, 0 to 1. The published CUB file divides the votes of kNN, EMD and CHM by 20 twice; here the shares are correct |
| `*-Prediction`, `*-Conf` | the four AIs on the photo; `{absent}` and 0 for an AI without a prediction |
| `DifficultyLevel` | from the confidence, as in the reference study: sure from 0.75, unsure below 0.35 |
| `Accuracy`, `User Accuracy`, `Total Corrects`, `User Corrects`, `ImageNet` | the participant's numbers, on every row |
| `Test Reaction Time` | milliseconds from the first test trial to the last answer; 0 if a time was not recorded |
| `Validation Reaction Time` | the same number. In the published files it is the sum over the rows of the test's file that are not trials, which is about the time of the test and *not* the time of the validation |
| `Date`, `DATE` | end of the session in UTC (in the published files: some local time) |
| `GroundTruth` | the photo's class |
| `Real GTs`, `Real WNIDs` | the list of the photo's accepted labels, or of its class alone if it has no labels of its own |
| `Prior Knowledge`, `Group Known`, `Group Unknown` | 1 if the participant said that they know the class; 0 also if the study did not ask. The groups count correct answers by it |
| `Group Validation Correct`, `Group Validation Incorrect` | validation trials |
| `Parent-lvl…` | empty: the photos have no WordNet tree here |
"""  # noqa: E501 - rows of a table
