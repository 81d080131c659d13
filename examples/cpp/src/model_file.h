// A model file as rkd_keras writes it: the network, and the card behind it.
#pragma once

#include <string>

struct ModelFile {
  std::string kind;     // "onnx" or "tflite"
  std::string network;  // the bytes that the runtime gets
  std::string card;     // JSON
};

// Read a file; throws InputError where it is none, or is damaged.
ModelFile read_model_file(const std::string& path);

std::string read_bytes(const std::string& path);
