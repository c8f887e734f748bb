# Reads this export in R with the types of codebook.csv. Base R, no packages.
#
#   source("read.R")
#   study <- read_export(".")   # a list of data frames, named as in datapackage.json
#   str(study$responses)
#
# string: character. integer: integer, or a double where R's integers end, or character where
# doubles lose digits (seeds). number: double. boolean: logical. datetime: POSIXct in UTC.
# An empty cell is NA; a class that is called NA stays a text.

read_export <- function(folder = ".") {
  codebook <- read_cells(file.path(folder, "codebook.csv"))
  files <- unique(codebook$file)
  tables <- lapply(files, function(file) {
    columns <- codebook[codebook$file == file, ]
    typed(read_cells(file.path(folder, file)), setNames(columns$type, columns$column))
  })
  names(tables) <- vapply(files, short_name, "")
  tables
}

# Every cell as a text, an empty one as NA.
read_cells <- function(path) {
  read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE,
           encoding = "UTF-8", strip.white = FALSE)
}

typed <- function(cells, types) {
  for (name in names(cells)) cells[[name]] <- READERS[[types[[name]]]](cells[[name]])
  cells
}

# data/study-birds_description-responses_data.csv is responses, tables/team.csv is team.
short_name <- function(file) {
  name <- sub("[.]csv$", "", basename(file))
  sub("(WithSimulated|WithTexts|Pilot)*$", "", sub("^.*_description-(.*)_data$", "\\1", name))
}

# Texts that begin like a formula have an apostrophe put before them.
as_text <- function(cells) ifelse(grepl("^''*[-=+@\t\r]", cells), substring(cells, 2), cells)

as_whole <- function(cells) {
  numbers <- as.numeric(cells)
  largest <- max(0, abs(numbers), na.rm = TRUE)
  if (largest >= 2^53) return(cells)
  if (largest > .Machine$integer.max) return(numbers)
  as.integer(numbers)
}

as_time <- function(cells) {
  as.POSIXct(strptime(cells, "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC"))
}

READERS <- list(string = as_text, integer = as_whole, number = as.numeric,
                boolean = as.logical, datetime = as_time)
