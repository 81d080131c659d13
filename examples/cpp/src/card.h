// The card: what a model file says about itself.
#pragma once

#include <string>
#include <vector>

#include "model_file.h"
#include "surface.h"

struct Card {
  std::vector<std::string> class_names;
  int height = 0;
  int width = 0;
  Surface surface;  // of the unknown verdict; empty where the model has none
};

// Read the card and compare the network with its checksum; throws InputError.
Card read_card(const ModelFile& file);
