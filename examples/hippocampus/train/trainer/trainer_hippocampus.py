"""nnU-Net's own trainer, only shorter: 40 epochs of 60 iterations, a checkpoint after each, so that it can be trained in several sittings.

nnunetv2 finds it through the environment variable nnUNet_extTrainer (train.sh sets it).
"""
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer


class nnUNetTrainerHippocampus(nnUNetTrainer):
    def __init__(self, plans: dict, configuration: str, fold: int, dataset_json: dict, device: torch.device = torch.device("cuda")):
        super().__init__(plans, configuration, fold, dataset_json, device)
        self.num_epochs = 40
        self.num_iterations_per_epoch = 60
        self.num_val_iterations_per_epoch = 2
        self.save_every = 1
