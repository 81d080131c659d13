// Classify images with a model file of rkd_keras; a line of JSON for each.
//
//   rkd_classify MODEL [--threads N] IMAGE...    or paths on standard input, with -
//
// The lines are those of `rkd-keras predict --stdin`. Status 1: an image could not be
// read, and its line says why; 2: nothing could be done.

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "card.h"
#include "errors.h"
#include "image.h"
#include "network.h"

using Json = nlohmann::ordered_json;

namespace {

Json verdict(const std::string& path, const Card& card, Network& network) {
  cv::Mat image;
  try {
    image = resize_image(decode_image(read_bytes(path)), card.height, card.width);
  } catch (const InputError& error) {
    const std::string text = error.what();
    const bool has_name = text.rfind(path, 0) == 0;
    return {{"file", path}, {"error", has_name ? text : path + " " + text}};
  }
  const std::vector<float> found = network.probabilities(image);
  if (found.size() != card.class_names.size()) {
    throw InputError("the model does not give a probability for each of its classes");
  }
  const auto largest = std::max_element(found.begin(), found.end());
  const size_t index = largest - found.begin();
  Json line = {{"file", path}};
  bool is_unknown = false;
  Json score;
  if (card.surface.is_there()) {
    const double value = card.surface.score(image);
    is_unknown = value > card.surface.threshold;
    score = value;
  }
  line["label"] = is_unknown ? "unknown" : card.class_names[index];
  line["class_name"] = card.class_names[index];
  line["class_index"] = index;
  // As doubles, for the digits of a float would be another number.
  line["probability"] = static_cast<double>(*largest);
  line["probabilities"] = std::vector<double>(found.begin(), found.end());
  line["unknown_score"] = score;
  line["is_unknown"] = is_unknown;
  return line;
}

struct Arguments {
  std::string model;
  std::vector<std::string> images;
  int threads = 1;
};

Arguments parse(int count, char** words) {
  const std::string usage =
      "usage: rkd_classify MODEL [--threads N] IMAGE...   (- reads paths from "
      "standard input, a line each)";
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--threads") {
      arguments.threads = i + 1 < count ? std::atoi(words[++i]) : 0;
    } else if (arguments.model.empty()) {
      arguments.model = word;
    } else {
      arguments.images.push_back(word);
    }
  }
  if (arguments.images.empty() || arguments.threads < 1) throw InputError(usage);
  return arguments;
}

}  // namespace

int main(int count, char** words) {
  try {
    const Arguments arguments = parse(count, words);
    const ModelFile file = read_model_file(arguments.model);
    Card card;
    std::unique_ptr<Network> network;
    try {
      card = read_card(file);
      network = open_network(file, arguments.threads);
    } catch (const InputError& error) {
      throw InputError(arguments.model + ": " + error.what());
    }
    bool all_read = true;
    auto answer = [&](const std::string& path) {
      const Json line = verdict(path, card, *network);
      all_read = all_read && !line.contains("error");
      std::cout << line.dump(-1, ' ', true, Json::error_handler_t::replace)
                << std::endl;
    };
    for (const std::string& image : arguments.images) {
      if (image != "-") {
        answer(image);
        continue;
      }
      for (std::string path; std::getline(std::cin, path);) {
        if (!path.empty()) answer(path);
      }
    }
    return all_read ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 2;
  }
}
