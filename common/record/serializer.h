#pragma once

/// How values become bytes and values again: Serializer<T> and record::read, write, schemaOf, with
/// the codecs of all types that Weir knows.
#include "common/record/codec.h"       // IWYU pragma: export
#include "common/record/codecs.h"      // IWYU pragma: export
#include "common/record/containers.h"  // IWYU pragma: export
