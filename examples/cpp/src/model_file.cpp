#include "model_file.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>

#include "errors.h"

namespace {

constexpr size_t kMostCardBytes = 16 << 20;
const std::string kMember = "rkd_keras.json";

// A number of `size` bytes, the lowest first.
uint64_t number(const std::string& data, size_t at, int size) {
  if (at > data.size() || data.size() - at < static_cast<size_t>(size)) {
    throw InputError("it is damaged or incomplete; copy it again");
  }
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(data[at + i]);
  }
  return value;
}

uint64_t varint(const std::string& data, size_t& at) {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const uint64_t byte = number(data, at++, 1);
    value |= (byte & 127) << std::min(shift, 63);
    if (byte < 128) return value;
  }
  throw InputError("it is damaged or incomplete; copy it again");
}

struct Field {
  uint64_t number;
  size_t start, begin, end;
};

Field next_field(const std::string& data, size_t at) {
  Field field{};
  field.start = at;
  const uint64_t tag = varint(data, at);
  field.number = tag >> 3;
  field.begin = at;
  uint64_t length = 0;
  switch (tag & 7) {
    case 0: varint(data, at); break;
    case 1: length = 8; break;
    case 2: length = varint(data, at), field.begin = at; break;
    case 5: length = 4; break;
    default: throw InputError("it is not an ONNX model; export it again");
  }
  if (length > data.size() - std::min(at, data.size()) || field.number == 0) {
    throw InputError("it is damaged or incomplete; copy it again");
  }
  field.end = at + length;
  return field;
}

// ONNX: a second message behind the model holds one `metadata_props` entry.
ModelFile read_onnx(const std::string& data) {
  ModelFile file{"onnx", data, ""};
  for (size_t at = 0; at < data.size();) {
    const Field field = next_field(data, at);
    at = field.end;
    if (field.number != 14 || field.end != data.size()) continue;
    const std::string entry = data.substr(field.begin, field.end - field.begin);
    std::string key, value;
    for (size_t inner = 0; inner < entry.size();) {
      const Field part = next_field(entry, inner);
      inner = part.end;
      const std::string text = entry.substr(part.begin, part.end - part.begin);
      (part.number == 1 ? key : value) = text;
    }
    if (key == "rkd_keras") {
      file.card = value;
      file.network = data.substr(0, field.start);
    }
  }
  return file;
}

std::string inflated(const std::string& packed, size_t size) {
  if (size > kMostCardBytes) {
    throw InputError("it carries a card that is too large to be one of rkd_keras");
  }
  std::string text(size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(size);
  const bool begun = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
  const bool whole = begun && inflate(&stream, Z_FINISH) == Z_STREAM_END;
  if (begun) inflateEnd(&stream);
  if (!whole || stream.total_out != size) {
    throw InputError("it is damaged or incomplete; copy it again");
  }
  return text;
}

// TFLite: a zip file behind the flatbuffer.
ModelFile read_tflite(const std::string& data) {
  ModelFile file{"tflite", data, ""};
  const size_t end = data.rfind("PK\x05\x06");
  if (end == std::string::npos) return file;
  const uint64_t count = number(data, end + 10, 2);
  size_t at = end - std::min<size_t>(end, number(data, end + 12, 4));
  // Offsets count from where the zip file begins.
  const size_t shift = at - std::min<size_t>(at, number(data, end + 16, 4));
  size_t first = data.size();
  for (uint64_t i = 0; i < count; ++i) {
    if (number(data, at, 4) != 0x02014b50) {
      throw InputError("it is damaged or incomplete; copy it again");
    }
    const uint64_t method = number(data, at + 10, 2);
    const uint64_t packed = number(data, at + 20, 4), size = number(data, at + 24, 4);
    const uint64_t letters = number(data, at + 28, 2);
    const size_t local = shift + number(data, at + 42, 4);
    first = std::min(first, local);
    if (at + 46 + letters <= data.size() && data.substr(at + 46, letters) == kMember) {
      const size_t begin =
          local + 30 + number(data, local + 26, 2) + number(data, local + 28, 2);
      if (begin > data.size() || packed > data.size() - begin) {
        throw InputError("it is damaged or incomplete; copy it again");
      }
      const std::string content = data.substr(begin, packed);
      file.card = method == 8 ? inflated(content, size) : content;
    }
    at += 46 + letters + number(data, at + 30, 2) + number(data, at + 32, 2);
  }
  file.network = data.substr(0, first);
  return file;
}

}  // namespace

std::string read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  if (!stream || !(bytes << stream.rdbuf())) {
    throw InputError(path + " cannot be read, or is empty");
  }
  return bytes.str();
}

ModelFile read_model_file(const std::string& path) {
  const std::string data = read_bytes(path);
  try {
    if (data.size() >= 8 && data.compare(4, 4, "TFL3") == 0) return read_tflite(data);
    return read_onnx(data);
  } catch (const InputError& error) {
    throw InputError(path + " is no model that can be opened: " + error.what());
  }
}
