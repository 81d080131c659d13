#include "card.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "errors.h"
#include "sha256.h"

namespace {

std::string decoded_base64(const std::string& text) {
  const std::string letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned value = 0, bits = 0;
  for (const char letter : text) {
    const size_t found = letters.find(letter);
    if (found == std::string::npos) break;  // the padding
    value = value << 6 | static_cast<unsigned>(found);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(value >> (bits -= 8) & 255);
  }
  return bytes;
}

std::vector<double> numbers(const nlohmann::json& entry, size_t count) {
  const std::string bytes = decoded_base64(entry.at("float32").get<std::string>());
  if (bytes.size() != 4 * count) throw InputError("its unknown verdict is malformed");
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    float value;  // little-endian, as this program's processors are
    std::memcpy(&value, bytes.data() + 4 * i, 4);
    values[i] = value;
  }
  return values;
}

Surface read_surface(const nlohmann::json& unknown) {
  if (unknown.at("method") != "surface") {
    throw InputError("its unknown verdict is of a kind that is not known here");
  }
  Surface surface;
  const size_t classes = unknown.at("log_determinants").at("shape").at(0);
  surface.means = numbers(unknown.at("means"), classes * kStatistics);
  surface.whitening =
      numbers(unknown.at("whitening"), classes * kStatistics * kStatistics);
  surface.log_determinants = numbers(unknown.at("log_determinants"), classes);
  surface.threshold = unknown.at("threshold");
  return surface;
}

}  // namespace

Card read_card(const ModelFile& file) {
  if (file.card.empty()) {
    throw InputError("it carries no rkd_keras card; export it with rkd-keras export");
  }
  try {
    const auto json = nlohmann::json::parse(file.card);
    if (json.at("format") != 1 || json.at("resize") != "area") {
      throw InputError("its card is of another format; export it again");
    }
    if (json.at("sha256") != sha256(file.network)) {
      throw InputError(
          "it does not match the checksum in its card: it is damaged or was changed; "
          "export it again");
    }
    Card card;
    card.class_names = json.at("class_names").get<std::vector<std::string>>();
    card.height = json.at("input_shape").at(0);
    card.width = json.at("input_shape").at(1);
    if (!json.at("unknown").is_null()) card.surface = read_surface(json.at("unknown"));
    return card;
  } catch (const nlohmann::json::exception& error) {
    throw InputError(std::string("its card is malformed: ") + error.what());
  }
}
