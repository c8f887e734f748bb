# Reference estimates of the signal-detection model, by lme4.
#
#   Rscript detection.R ANSWERS.csv OUT.json [both]
#
# ANSWERS.csv has the columns accepted (0, 1), arm (from 1), ai_correct (0, 1), person and photo.
# With "both" photos also vary by arm. Coefficients are the log odds of accepting in each cell
# arm x AI correctness (wrong before right); theta are standard deviations and the correlation.
suppressPackageStartupMessages(library(lme4))
arguments <- commandArgs(trailingOnly = TRUE)
answers <- read.csv(arguments[1])
answers$cell <- factor(2 * (answers$arm - 1) + answers$ai_correct)
answers$arm <- factor(answers$arm)
random <- "(1 + ai_correct | person) + (1 | photo)"
if (length(arguments) > 2) random <- paste(random, "+ (1 | photo:arm)")
control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10,
                        optCtrl = list(maxfun = 200000, rhoend = 1e-9))
fit <- glmer(as.formula(paste("accepted ~ 0 + cell +", random)),
             data = answers, family = binomial, control = control)
number <- function(x) paste0("[", paste(sprintf("%.10g", x), collapse = ", "), "]")
spread <- as.data.frame(VarCorr(fit))
writeLines(c(
  "{",
  sprintf('  "lme4": "%s",', packageVersion("lme4")),
  sprintf('  "n": %d,', nrow(answers)),
  sprintf('  "log_likelihood": %.10g,', as.numeric(logLik(fit))),
  sprintf('  "beta": %s,', number(fixef(fit))),
  sprintf('  "se": %s,', number(sqrt(diag(as.matrix(vcov(fit)))))),
  sprintf('  "groups": [%s],', paste(sprintf('"%s|%s|%s"', spread$grp, spread$var1, spread$var2), collapse = ", ")),
  sprintf('  "sds": %s', number(spread$sdcor)),
  "}"), arguments[2])
