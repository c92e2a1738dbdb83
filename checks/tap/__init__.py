"""
TAP 13 written and read: what a check said, as a file.

    text = write_tap(results)                         or TapWriter(file), result after result
    reading = read_tap(file, testcase="dist.rpmlint") or TapReader(...), result after result
    reading.results, reading.faults                   nothing that could not be read is silent

`reader` frames the stream line by line (`window`, `line`), loads the YAML
blocks (`block`) and makes results of them (`record`); `writer` is the way back.
"""
from checks.tap.reader import TapReader, read_tap
from checks.tap.reading import TapFault, TapLimits, TapReading
from checks.tap.record import result_from_dict, result_to_dict
from checks.tap.writer import TapWriter, write_tap

__all__ = ["TapFault", "TapLimits", "TapReader", "TapReading", "TapWriter",
           "read_tap", "result_from_dict", "result_to_dict", "write_tap"]
