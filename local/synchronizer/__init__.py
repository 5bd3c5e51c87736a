"""The import of a drs-configuration-synchronizer folder (aws-samples/drs-tools) into protection groups.

    folder  ->  documents, tables    what is on disk
    translate  ->  leaves, keys      a file's values as our settings, each taken or reported
    servers, merge  ->  define       what each server gets, and the groups

It keeps the synchronizer's meaning: defaults first, then the overrides whose tag a server carries exactly, a
top-level key replacing that key whole. It differs where the synchronizer is silent: what it ignores is reported,
and what it ignores but we can apply (KeyName, EbsOptimized, NetworkInterfaces, BlockDeviceMappings) is taken.
"""

from local.synchronizer.define import Imported, define
from local.synchronizer.findings import Finding, ImportRefused
from local.synchronizer.folder import Folder, read_folder

__all__ = ["Finding", "Folder", "ImportRefused", "Imported", "define", "read_folder"]
