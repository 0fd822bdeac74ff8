#!/usr/bin/env python3
"""Makes examples/fcn-resnet18: a narrow FCN-ResNet18, a picture to feed it, and what torch computes from that picture.

    python3 make-fcn-resnet18-small.py [FOLDER]        (default: fcn-resnet18 beside this script; ten seconds)

Needs torch, torchvision, onnx and numpy; made with torch 1.13.1 and torchvision 0.14.1 of Debian 12. The network has the
layers of a ResNet-18 that was made fully convolutional (average pool of 7x7, then the classifier as a 1x1 convolution),
so it answers a picture of any size with a map of class scores. Here it is 8 channels wide instead of 64 and knows 32
classes, so that the file stays small. It has learnt nothing: its weights are random and seeded, and BatchNormalization
has the statistics of a few made-up pictures, so that every layer's values stay in a sensible range.

Width, height and the 7x15 map that reaches the pool are odd and don't divide evenly, since that is where converters err.
"""
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from onnx import numpy_helper
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

WIDTH_OF_STEM = 8
CLASSES = 32
HEIGHT, WIDTH = 205, 467
# what torchvision's classifiers are fed with
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


class NarrowFcnResNet18(nn.Module):
    """ResNet-18's stem and four stages of two blocks each, then pool and 1x1 convolution: (N,3,H,W) -> (N,classes,h,w)."""

    def __init__(self, stem, classes):
        super().__init__()
        widths = [stem, 2 * stem, 4 * stem, 8 * stem]
        self.conv1 = nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for number, (before, width) in enumerate(zip([stem] + widths, widths), start=1):
            setattr(self, f'layer{number}', self.stage(before, width, stride=1 if number == 1 else 2))
        self.avgpool = nn.AvgPool2d(kernel_size=7)
        self.last_conv = nn.Conv2d(widths[-1], classes, kernel_size=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.6, 1.4)
                nn.init.normal_(module.bias, 0, 0.2)

    @staticmethod
    def stage(before, width, stride):
        shortcut = None
        if stride != 1 or before != width:
            shortcut = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        return nn.Sequential(BasicBlock(before, width, stride, shortcut), BasicBlock(width, width))

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.last_conv(self.avgpool(x))


def picture(random):
    """Uint8 (H,W,3): sky and ground, some discs, a striped board, grain."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    colour = lambda: random.uniform(0, 255, 3)
    horizon = random.uniform(0.3, 0.7) * HEIGHT
    image = np.where((y < horizon)[..., None], colour() + (y / HEIGHT)[..., None] * 60, colour() - (x / WIDTH)[..., None] * 60)
    for _ in range(6):
        radius = random.uniform(0.05, 0.3) * HEIGHT
        inside = (y - random.uniform(0, HEIGHT)) ** 2 + (x - random.uniform(0, WIDTH)) ** 2 < radius**2
        image[inside] = colour()
    left, top = random.integers(0, WIDTH - 100), random.integers(0, HEIGHT - 80)
    image[top : top + 80, left : left + 100][:, ::8] = colour()
    return np.clip(image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def batch(random, size):
    """Float32 (size,3,H,W), normalised as torchvision does it."""
    pictures = np.stack([picture(random) for _ in range(size)])
    return torch.from_numpy(((pictures / np.float32(255) - MEAN) / STD).transpose(0, 3, 1, 2).copy())


def calibrate(model, images):
    """Gives every BatchNormalization the mean and variance of what reaches it."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1  # one batch, taken whole
    model.train()(images)
    model.eval()
    for norm in norms:
        norm.momentum = 0.1  # torch's default, which the exporter writes into the file


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name('fcn-resnet18')
    data = folder / 'test_data_set_0'
    data.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(2020)
    random = np.random.default_rng(2020)

    model = NarrowFcnResNet18(WIDTH_OF_STEM, CLASSES)
    reference = ResNet(BasicBlock, [2, 2, 2, 2])
    missing = set(reference.state_dict()) ^ set(model.state_dict())
    assert missing == {'fc.weight', 'fc.bias', 'last_conv.weight', 'last_conv.bias'}, missing  # the rest is ResNet-18's

    with torch.no_grad():
        calibrate(model, batch(random, 8))
        x = batch(random, 1)
        y = model(x)
    warnings.simplefilter('ignore')
    torch.onnx.export(
        model, x, str(folder / 'fcn-resnet18.onnx'), opset_version=13, input_names=['input_0'], output_names=['output_0'],
        training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,  # keeps BatchNormalization a node of its own
    )  # fmt: skip
    for name, tensor in (('input_0', x), ('output_0', y)):
        (data / f'{name}.pb').write_bytes(numpy_helper.from_array(tensor.numpy(), name).SerializeToString())
    print(f'input {tuple(x.shape)}, output {tuple(y.shape)} from {y.min():.3f} to {y.max():.3f}')


main()
