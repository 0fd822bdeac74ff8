"""The article's network: ResNet-18 made fully convolutional, from PyTorch to Keras layers in TensorFlow.js.

usage: fcn_resnet18.py [--out DIR] [--size HEIGHT WIDTH] [--weights FILE] [--dynamo]
"""
import argparse

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

from pytorch2keras import pytorch_to_keras


class FullyConvolutionalResnet18(ResNet):
    """ResNet-18 whose classifier is a 1x1 convolution behind an average pool of 7x7."""

    def __init__(self, num_classes=1000):
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=num_classes)
        self.avgpool = nn.AvgPool2d((7, 7))
        self.last_conv = nn.Conv2d(self.fc.in_features, num_classes, kernel_size=1)

    def adopt(self):
        """The weights of the classifier as those of the convolution."""
        self.last_conv.weight.data.copy_(self.fc.weight.data[:, :, None, None])
        self.last_conv.bias.data.copy_(self.fc.bias.data)
        return self

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.last_conv(self.avgpool(x))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="fcn-resnet18")
    parser.add_argument("--size", type=int, nargs=2, default=(725, 1920), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--weights", help="a state_dict of torchvision's ResNet-18; seeded random weights without it")
    parser.add_argument("--dynamo", action="store_true", help="export by torch 2's newer exporter, which folds BatchNormalization")
    options = parser.parse_args()
    torch.manual_seed(18)
    model = FullyConvolutionalResnet18()
    if options.weights:
        model.load_state_dict(torch.load(options.weights, map_location="cpu"), strict=False)
    image = torch.randn(1, 3, *options.size)
    if not options.weights:
        settle(model, image)
    model.adopt().eval()

    converted = pytorch_to_keras(
        model, image, [image.shape[1:]], change_ordering=True, name_policy="keep", out=options.out, name="fcn_resnet18", dynamo=options.dynamo
    )
    with torch.no_grad():
        response = model(image)
    by_torch, by_keras = int(response.flatten(2).amax(dim=2)[0].argmax()), converted.predicted_class
    print(f"response map: torch {tuple(response.shape)}, TensorFlow.js {tuple(converted.output_shapes[0])} with the channels last")
    print(f"predicted class: torch {by_torch}, TensorFlow.js {by_keras}")
    print(f"largest difference: {converted.max_abs_error:.3g}, within {options_text(converted)}")
    if by_torch != by_keras:
        raise SystemExit("the predicted classes differ")
    print(f"the model is in {converted.folder}, both summaries are in {converted.folder.parent / 'report' / 'summary.md'}")


def options_text(converted):
    tolerance = converted.report["checks"][0]["tolerance"]
    return f"{tolerance['atol']:g} + {tolerance['rtol']:g} of the value + {tolerance['rangeTol']:g} of the range"


def settle(model, image):
    """Gives random weights statistics under which no layer dies: those of the image itself."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(image)


if __name__ == "__main__":
    main()
