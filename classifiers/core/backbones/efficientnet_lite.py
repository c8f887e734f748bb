"""EfficientNet-Lite0, a small network whose weights are a Python package.

The architecture is that of Tan & Le, "EfficientNet" (ICML 2019), in the Lite form that Google
published for phones: no squeeze-and-excitation, ReLU6 for swish, stem and head not scaled.
Attribute names follow the published weights, so that they load strictly.
"""

from __future__ import annotations

import math
from typing import Final

import torch.nn.functional as F
from torch import Tensor, nn

# (repeats, kernel, stride, expansion, channels in, channels out) of each stage.
STAGES: Final = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
STRIDE16_BLOCKS: Final = sum(stage[0] for stage in STAGES[:5])  # the sixth stage halves the side
STEM_CHANNELS: Final = 32
HEAD_CHANNELS: Final = 1280


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: ceil(size / stride) outputs along a side.

    The padding depends on the input's size. At stride 2 the right and lower edges get the odd
    pixel; symmetric padding would shift every map by half a cell.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        top, bottom = self._padding_of(x.shape[2], 0)
        left, right = self._padding_of(x.shape[3], 1)
        if top == bottom and left == right:  # no copy if the convolution can pad
            return F.conv2d(
                x, self.weight, None, self.stride, (top, left), self.dilation, self.groups
            )
        x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, self.weight, None, self.stride, 0, self.dilation, self.groups)

    def _padding_of(self, size: int, axis: int) -> tuple[int, int]:
        stride, kernel = self.stride[axis], self.kernel_size[axis]
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


def _conv(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1) -> SameConv2d:
    return SameConv2d(c_in, c_out, kernel, stride=stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand 1x1, filter each channel alone, project 1x1; add the input where shapes allow."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int) -> None:
        """Build the block; ``expansion`` 1 leaves the first convolution out."""
        super().__init__()
        hidden = c_in * expansion
        if expansion != 1:
            self._expand_conv = _conv(c_in, hidden, 1)
            self._bn0 = _norm(hidden)
        self._depthwise_conv = _conv(hidden, hidden, kernel, stride, groups=hidden)
        self._bn1 = _norm(hidden)
        self._project_conv = _conv(hidden, c_out, 1)
        self._bn2 = _norm(c_out)
        self._is_expanding = expansion != 1
        self._is_residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._is_expanding else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        out: Tensor = x + y if self._is_residual else y
        return out


class EfficientNetLite0(nn.Module):
    """The whole network: 224-pixel crops to a 7x7 map of 1280 channels, and to class logits."""

    def __init__(self, n_classes: int = 1000) -> None:
        """Build the network with random weights; load the published ones by state dict."""
        super().__init__()
        self._conv_stem = _conv(3, STEM_CHANNELS, 3, stride=2)
        self._bn0 = _norm(STEM_CHANNELS)
        blocks: list[nn.Module] = []
        for repeats, kernel, stride, expansion, c_in, c_out in STAGES:
            blocks.append(InvertedResidual(c_in, c_out, kernel, stride, expansion))
            blocks += [
                InvertedResidual(c_out, c_out, kernel, 1, expansion) for _ in range(repeats - 1)
            ]
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _conv(STAGES[-1][-1], HEAD_CHANNELS, 1)
        self._bn1 = _norm(HEAD_CHANNELS)
        self._fc = nn.Linear(HEAD_CHANNELS, n_classes)

    def stride16(self, x: Tensor) -> Tensor:
        """Return the last map of stride 16, which is fine enough to locate a point.

        ``x`` is (B, 3, H, W), normalised; the result (B, 112, ceil(H / 16), ceil(W / 16)), so
        15 x 15 at 240 pixels, is a linear projection: its values have both signs.
        """
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks[:STRIDE16_BLOCKS]:
            x = block(x)
        return x

    def maps(self, x: Tensor) -> Tensor:
        """Return the last map, the one that is pooled: head convolution, norm and ReLU6.

        ``x`` is (B, 3, H, W), normalised; the result (B, 1280, ceil(H / 32), ceil(W / 32)) is never
        negative, as the correspondence methods require.
        """
        x = self.stride16(x)
        for block in self._blocks[STRIDE16_BLOCKS:]:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x)))

    def pooled(self, x: Tensor) -> Tensor:
        """Return the mean over cells of ``maps(x)``, shape (B, 1280), not normalised."""
        return self.maps(x).mean(dim=(2, 3))  # (B, 1280, h, w) -> (B, 1280)

    def forward(self, x: Tensor) -> Tensor:
        """Return the ImageNet logits (B, n_classes) of normalised images (B, 3, H, W)."""
        logits: Tensor = self._fc(self.pooled(x))
        return logits
