"""``manage.py train_chm DATASET``"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from classifiers.core.backbones.backbones import LoadedBackbone, backbone_load
from classifiers.core.chm.chmnet import CHMLearner
from classifiers.core.chm.training import (
    EMBEDDED,
    Settings,
    Training,
    TrainingRefused,
    hough_start,
    write_whole,
)
from classifiers.core.chm.warped_pairs import PairPlan, PairStream, stacked
from classifiers.core.images import ImageRefused
from classifiers.management.lookup import by_slug
from classifiers.management.numbers import at_least
from classifiers.models import Dataset
from classifiers.services import chm_training as service

BACKBONE: Final = "efficientnet-lite0"
N_START: Final = 64  # photos whose main directions the convolutions start from
BATCH: Final = 4
SAVE_EVERY: Final = 25


class Command(BaseCommand):
    help = (
        "Train a CHM learner, which finds the points of one photo in another, on warps of your "
        "photos. Ctrl-C saves; --resume continues. With --evaluate, nothing is trained: the "
        "learner and simple rules are scored on photos that were held out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", nargs="?", help="slug of an imported dataset")
        parser.add_argument(
            "--folder", type=Path, help="folder with photos at any depth, instead of a dataset"
        )
        parser.add_argument("--steps", type=at_least(1), default=600, help="of 4 pairs each (600)")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--cross-share", type=float, default=0.0, metavar="SHARE",
            help="share of pairs of two photos; only if all photos are framed alike (0)",
        )  # fmt: skip
        parser.add_argument("--out", type=Path, help="file of the weights (DATA_DIR/chm/NAME.pt)")
        parser.add_argument("--resume", action="store_true", help="continue from the file --out")
        parser.add_argument(
            "--evaluate", nargs="?", const=EMBEDDED, type=Path, metavar="WEIGHTS",
            help="score these weights (the embedded ones, if none are named) and train nothing",
        )  # fmt: skip
        parser.add_argument(
            "--group", action="append", default=[], metavar="PREFIX",
            help="with --evaluate: score categories with this prefix separately; may be repeated",
        )  # fmt: skip
        parser.add_argument(
            "--view", default="crop", choices=PairPlan().views,
            help="with --evaluate: the crop that a matcher sees, or the whole central square",
        )  # fmt: skip
        parser.add_argument(
            "--pairs", type=at_least(1), default=48, help="with --evaluate: per cell (48)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name, photos = _photos(options)
            self._name(photos.refused)
            backbone = backbone_load(BACKBONE)
            if options["evaluate"] is not None:
                self._evaluate(backbone, photos, options)
            else:
                out = options["out"] or Path(settings.DATA_DIR) / "chm" / f"{name}.pt"
                self._train(backbone, photos, out, options)
        except (service.PhotosRefused, TrainingRefused, ImageRefused, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _name(self, refused: Sequence[tuple[str, str]]) -> None:
        for path, reason in refused:
            self.stderr.write(f"Left out: {path}: {reason}")

    def _evaluate(
        self, backbone: LoadedBackbone, photos: service.Photos, options: dict[str, Any]
    ) -> None:
        grouped = service.groups(photos.testing, options["group"])
        learner = service.weights_read(options["evaluate"])
        n_pairs = options["pairs"]
        with tqdm(total=4 * len(grouped) * n_pairs, desc="pairs", disable=None) as bar:
            scores = service.evaluate(
                backbone,
                learner,
                grouped,
                seed=options["seed"],
                n_pairs=n_pairs,
                view=options["view"],
                on_pair=bar.update,
            )
        self.stdout.write(
            f"{options['evaluate'].name} on held-out photos ({options['view']}), {n_pairs} pairs "
            "in each column: "
            "PCK@0.1 % / PCK@0.05 % / mean error in pixels of 240\n"
        )
        self.stdout.write(service.scores_table(scores))

    def _train(
        self,
        backbone: LoadedBackbone,
        photos: service.Photos,
        out: Path,
        options: dict[str, Any],
    ) -> None:
        state = out.with_name(f"{out.name}.training")
        _check_out(out, state, is_resuming=options["resume"])
        out.parent.mkdir(parents=True, exist_ok=True)
        training = _training(backbone, photos, options)
        if options["resume"]:
            training.resume(state)
        n_begun = training.n_done
        try:
            self._run(training, state, options["steps"])
        except (KeyboardInterrupt, ImageRefused, OSError) as error:
            training.save(state)
            is_ctrl_c = isinstance(error, KeyboardInterrupt)
            raise CommandError(
                f"{'Interrupted' if is_ctrl_c else error}: {training.n_done} steps are kept. The "
                "same command with --resume continues from "
                f"there{'' if is_ctrl_c else ', after the photo is restored'}.",
                returncode=130 if is_ctrl_c else 1,
            ) from None
        training.save(state)
        write_whole(out, training.best)
        card = {
            **training.about,
            "n_training": len(photos.training),
            "n_monitoring": len(photos.monitoring),
            "steps": training.n_done,
            "monitored": training.history,
        }
        out.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")
        self.stdout.write(
            f"{training.n_done - n_begun} steps, {training.n_done} in all. Weights: {out}. To "
            f"score them: the same command with --evaluate {out}. For the site's classifiers: "
            f"manage.py add_weights {out}"
        )

    def _run(self, training: Training, state: Path, n_steps: int) -> None:
        interval_s = 0.3 if sys.stderr.isatty() else 10
        shown: dict[str, str] = {}
        with tqdm(
            total=n_steps, initial=training.n_done, desc="steps", mininterval=interval_s
        ) as bar:
            for step in training.steps(n_steps):
                shown["loss"] = f"{step.loss:.3f}"
                if step.monitored is not None:
                    shown["held-out PCK@0.1"] = f"{step.monitored.pck_10:.1%}"
                bar.set_postfix(shown, refresh=False)
                bar.update()
                if step.number % SAVE_EVERY == 0:
                    training.save(state)


def _photos(options: dict[str, Any]) -> tuple[str, service.Photos]:
    slug, folder, seed = options["dataset"], options["folder"], options["seed"]
    if (slug is None) == (folder is None):
        raise CommandError("Name either a dataset or --folder FOLDER.")
    if folder is not None:
        watch = partial(tqdm, desc="photos checked", disable=None)
        return folder.resolve().name, service.folder_photos(folder, seed, watch)
    return slug, service.dataset_photos(by_slug(Dataset, slug), seed)


def _check_out(out: Path, state: Path, *, is_resuming: bool) -> None:
    if is_resuming and not state.is_file():
        raise CommandError(f"Nothing to resume: there is no {state}.")
    if not is_resuming and (state.is_file() or out.is_file()):
        raise CommandError(
            f"{state if state.is_file() else out} is there already. Give --resume to continue it, "
            "or another --out."
        )


def _training(
    backbone: LoadedBackbone, photos: service.Photos, options: dict[str, Any]
) -> Training:
    """Return the training at its first step; monitoring pairs are made once, here."""
    plan = PairPlan(cross_share=options["cross_share"])
    paths = [item.path for item in photos.training]
    stream = PairStream(backbone, paths, options["seed"], service.TRAINING, plan)
    monitor = service.monitoring_stream(stream, photos)
    watched = tqdm(range(service.N_MONITORED), desc="monitoring pairs", disable=None)
    monitored = stacked([monitor[number] for number in watched])
    maps = torch.stack([stream[number].source for number in range(N_START)])  # (64, C, 15, 15)
    learner = CHMLearner(maps.shape[1])
    hough_start(learner, maps, options["seed"])
    about = {"photos": photos.fingerprint(), "backbone": BACKBONE, "plan": asdict(plan)}
    return Training(learner, stream, monitored, Settings(options["seed"], BATCH), about)
