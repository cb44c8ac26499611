"""Names that Python 3.12 removed and the sample package's set-up of 2020 still asks for."""

import configparser

configparser.SafeConfigParser = configparser.ConfigParser
setattr(configparser.ConfigParser, "readfp", configparser.ConfigParser.read_file)  # noqa: B010
