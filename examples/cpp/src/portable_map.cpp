#include "portable_map.h"

#include <cctype>
#include <cstdint>

#include "errors.h"

namespace {

[[noreturn]] void damaged() {
  throw InputError(
      "cannot be decoded as an image: its header or its length is damaged; replace the "
      "file");
}

bool is_space(char letter) { return std::isspace(static_cast<unsigned char>(letter)); }

// Reads numbers between white space and comments.
struct Reader {
  const std::string& data;
  size_t at;

  void skip() {
    while (at < data.size() && (is_space(data[at]) || data[at] == '#')) {
      if (data[at] == '#') {
        while (at < data.size() && data[at] != '\n' && data[at] != '\r') ++at;
      } else {
        ++at;
      }
    }
  }

  int number() {
    skip();
    long value = 0;
    const size_t start = at;
    while (at < data.size() && std::isdigit(static_cast<unsigned char>(data[at]))) {
      value = value * 10 + (data[at++] - '0');
      if (value > 1 << 24) damaged();
    }
    const bool ends = at == data.size() || is_space(data[at]) || data[at] == '#';
    if (at == start || !ends) damaged();
    return static_cast<int>(value);
  }

  int bit() {  // of a PBM in text, where white space is optional
    skip();
    if (at == data.size() || !std::isdigit(static_cast<unsigned char>(data[at]))) {
      damaged();
    }
    return data[at++] != '0';
  }
};

struct Header {
  int width = 0, height = 0, channels = 1, white = 1;
  size_t start = 0;
};

Header pam_header(const std::string& data) {
  Header header{0, 0, 0, 0, 0};
  for (size_t at = 2; at < data.size();) {
    const size_t end = data.find('\n', at);
    if (end == std::string::npos) break;
    const std::string line = data.substr(at, end - at);
    at = end + 1;
    Reader reader{line, line.find(' ')};
    if (line.rfind("ENDHDR", 0) == 0) {
      header.start = at;
      break;
    }
    if (line.rfind("WIDTH ", 0) == 0) header.width = reader.number();
    if (line.rfind("HEIGHT ", 0) == 0) header.height = reader.number();
    if (line.rfind("DEPTH ", 0) == 0) header.channels = reader.number();
    if (line.rfind("MAXVAL ", 0) == 0) header.white = reader.number();
  }
  if (header.start == 0) damaged();
  return header;
}

Header header_of(const std::string& data, int kind) {
  if (kind == 7) return pam_header(data);
  Header header;
  Reader reader{data, 2};
  header.width = reader.number();
  header.height = reader.number();
  if (kind != 1 && kind != 4) header.white = reader.number();
  header.channels = kind == 3 || kind == 6 ? 3 : 1;
  // One white space follows the header of pixels that are no text.
  header.start = reader.at + (kind > 3 ? 1 : 0);
  return header;
}

}  // namespace

bool is_portable_map(const std::string& data) {
  return data.size() > 2 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7';
}

PortableMap decode_portable_map(const std::string& data) {
  const int kind = data[1] - '0';
  const Header header = header_of(data, kind);
  const int most = 1 << 20;
  if (header.width < 1 || header.width >= most || header.height < 1 ||
      header.height >= most || header.white < 1 || header.white > 65535 ||
      header.channels < 1 || header.channels > 4) {
    damaged();
  }
  const bool is_bits = kind == 1 || kind == 4, is_text = kind <= 3;
  const bool is_wide = header.white > 255;
  // A pixel takes at least a bit of the file.
  const uint64_t count = uint64_t(header.width) * header.height * header.channels;
  if (count / 8 > data.size()) damaged();
  cv::Mat pixels(header.height, header.width,
                 CV_MAKETYPE(is_wide ? CV_16U : CV_8U, header.channels));
  Reader reader{data, header.start};
  const int row_values = header.width * header.channels;
  for (int row = 0; row < header.height; ++row) {
    for (int i = 0; i < row_values; ++i) {
      int value;
      if (kind == 4) {
        const size_t at = reader.at + size_t(row) * ((header.width + 7) / 8) + i / 8;
        if (at >= data.size()) damaged();
        value = data[at] >> (7 - i % 8) & 1;
      } else if (kind == 1) {
        value = reader.bit();
      } else if (is_text) {
        value = reader.number();
        if (value > 65535) damaged();
      } else {
        if (data.size() - std::min(reader.at, data.size()) < (is_wide ? 2u : 1u)) {
          damaged();
        }
        value = static_cast<unsigned char>(data[reader.at++]);
        if (is_wide) value = value << 8 | static_cast<unsigned char>(data[reader.at++]);
      }
      if (is_bits) value = value ? 0 : 255;  // 1 is ink
      if (is_wide) pixels.ptr<uint16_t>(row)[i] = static_cast<uint16_t>(value);
      else pixels.ptr<uchar>(row)[i] = static_cast<uchar>(value);
    }
  }
  if (header.channels == 2) cv::extractChannel(pixels, pixels, 0);  // grey and alpha
  return {pixels, is_bits ? 255 : header.white};
}
