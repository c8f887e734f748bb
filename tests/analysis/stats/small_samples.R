# Mann-Whitney for small samples, as JSON: for each pair of samples U and the exact two-sided p.
# Run: Rscript --vanilla small_samples.R > small_samples.json
# Without ties: R's wilcox.test, exact. With ties wilcox.test has no exact p, so all divisions of the
# pooled values are counted: twice the smaller tail, at most 1.

enumerated <- function(a, b) {
  ranks <- rank(c(a, b))
  seen <- sum(ranks[seq_along(a)])
  sums <- combn(length(ranks), length(a), function(chosen) sum(ranks[chosen]))
  p <- min(1, 2 * min(mean(sums <= seen), mean(sums >= seen)))
  c(seen - length(a) * (length(a) + 1) / 2, p)
}

exact <- function(a, b) {
  if (anyDuplicated(c(a, b))) return(enumerated(a, b))
  test <- wilcox.test(a, b, exact = TRUE)
  c(unname(test$statistic), test$p.value)
}

samples <- list(
  "no ties" = list(c(1.1, 2.5, 3.7, 9.2), c(2.1, 4.4, 6.0, 7.3, 8.8)),
  "ten each" = list(
    c(0.3, 1.9, 2.2, 3.1, 4.8, 5.5, 6.1, 7.7, 8.4, 9.6),
    c(2.0, 3.3, 5.1, 6.4, 7.2, 8.8, 9.1, 10.3, 11.9, 12.2)
  ),
  "ties" = list(c(60, 63, 63, 70, 73), c(63, 70, 73, 77, 77, 80)),
  "many ties" = list(c(50, 50, 60, 60, 60, 70), c(60, 60, 70, 70, 70, 70, 80))
)
values <- vapply(samples, function(pair) exact(pair[[1]], pair[[2]]), numeric(2))
lines <- sprintf('  "%s": [%s, %s]', colnames(values), format(values[1, ], trim = TRUE),
                 formatC(values[2, ], digits = 17, format = "g"))
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
