/// The keys of Orthanc's configuration, from the default `Configuration.json` of its releases 1.0 to 1.13,
/// and the sections of the plugins distributed with it. Data only; judged in ``ConfigurationKeys``.
enum OrthancKeys {
  static let all: Set<String> = [
    // General and storage
    "Name", "StorageDirectory", "IndexDirectory", "StorageCompression", "MaximumStorageSize", "MaximumPatientCount",
    "MaximumStorageMode", "MaximumStorageCacheSize", "StorageLoaderThreadsCount", "StorageMemoryCapacity",
    "LuaScripts", "LuaHeartBeatPeriod", "PythonScript", "PythonVerbose", "Plugins", "ConcurrentJobs",
    "TemporaryDirectory", "SyncStorageArea", "StoreDicom", "StoreMD5ForAttachments", "MallocArenaMax",
    // HTTP server and clients
    "HttpServerEnabled", "OrthancExplorerEnabled", "HttpPort", "HttpBindAddresses", "HttpDescribeErrors",
    "HttpCompressionEnabled", "HttpThreadsCount", "HttpRequestTimeout", "KeepAlive", "KeepAliveTimeout", "TcpNoDelay",
    "WebDavEnabled", "WebDavDeleteAllowed", "WebDavUploadAllowed", "RemoteAccessAllowed", "SslEnabled",
    "SslCertificate", "SslMinimumProtocolVersion", "SslCiphersAccepted", "SslVerifyPeers",
    "SslTrustedClientCertificates", "AuthenticationEnabled", "RegisteredUsers", "ExecuteLuaEnabled",
    "RestApiWriteToFileSystemEnabled", "HttpProxy", "HttpVerbose", "HttpTimeout", "HttpsVerifyPeers",
    "HttpsCACertificates", "Pkcs11", "OrthancPeers", "OrthancPeersInDatabase",
    // DICOM
    "DicomServerEnabled", "DicomAet", "DicomCheckCalledAet", "DicomPort", "DefaultEncoding",
    "AcceptedTransferSyntaxes", "DeflatedTransferSyntaxAccepted", "JpegTransferSyntaxAccepted",
    "Jpeg2000TransferSyntaxAccepted", "JpegLosslessTransferSyntaxAccepted", "JpipTransferSyntaxAccepted",
    "Mpeg2TransferSyntaxAccepted", "RleTransferSyntaxAccepted", "Mpeg4TransferSyntaxAccepted",
    "H265TransferSyntaxAccepted", "DicomGetScuProposesAcceptedTransferSyntaxes", "UnknownSopClassAccepted",
    "AcceptedSopClasses", "RejectedSopClasses", "DicomScpTimeout", "DicomScuTimeout", "DicomTlsEnabled",
    "DicomTlsCertificate", "DicomTlsPrivateKey", "DicomTlsTrustedCertificates", "DicomTlsRemoteCertificateRequired",
    "DicomTlsMinimumProtocolVersion", "DicomTlsCiphersAccepted", "DicomAlwaysAllowEcho", "DicomAlwaysAllowStore",
    "DicomAlwaysAllowFind", "DicomAlwaysAllowFindWorklist", "DicomAlwaysAllowGet", "DicomAlwaysAllowMove",
    "DicomCheckModalityHost", "DicomModalities", "DicomModalitiesInDatabase", "DicomEchoChecksFind",
    "DicomDefaultRetrieveMethod", "DicomScuPreferredTransferSyntax", "DicomThreadsCount",
    "DicomAssociationCloseDelay", "StrictAetComparison", "LimitFindResults", "LimitFindInstances",
    "QueryRetrieveSize", "CaseSensitivePN", "LoadPrivateDictionary", "Dictionary", "ExternalDictionaries",
    "SynchronousCMove", "MaximumPduLength", "StorageCommitmentReportsSize", "TranscodeDicomProtocol",
    "BuiltinDecoderTranscoderOrder", "IngestTranscoding", "IngestTranscodingOfUncompressed",
    "IngestTranscodingOfCompressed", "DicomLossyTranscodingQuality", "DefaultPrivateCreator",
    // The rest
    "UserMetadata", "UserContentType", "StableAge", "LogExportedResources", "Locale", "JobsHistorySize", "SaveJobs",
    "JobsEngineThreadsCount", "OverwriteInstances", "MediaArchiveSize", "StorageAccessOnFind", "MetricsEnabled",
    "DeidentifyLogs", "DeidentifyLogsDicomVersion", "DatabaseServerIdentifier", "CheckRevisions",
    "SynchronousZipStream", "ZipLoaderThreads", "ZipUseUtf8", "ExtraMainDicomTags", "Warnings", "ReadOnly",
    // Plugins
    "DicomWeb", "PostgreSQL", "MySQL", "Odbc", "Worklists", "ServeFolders", "Authorization", "Gdcm", "Housekeeper",
    "DelayedDeletion", "Indexer", "Transfers", "WebViewer", "StoneWebViewer", "OrthancExplorer2", "MultitenantDicom",
    "AdvancedStorage", "AwsS3Storage", "AzureBlobStorage", "GoogleCloudStorage", "Tcia", "WholeSlideImaging",
  ]

  /// The modality object's keys.
  static let modality: Set<String> = [
    "AET", "Host", "Port", "Manufacturer", "AllowEcho", "AllowFind", "AllowFindWorklist", "AllowGet", "AllowMove",
    "AllowStore", "AllowStorageCommitment", "AllowNAction", "AllowNEventReport", "AllowEventReport",
    "AllowTranscoding", "UseDicomTls", "LocalAet", "Timeout", "RetrieveMethod",
  ]

  /// Names of earlier releases; Orthanc reads them as `Generic`.
  static let obsoleteManufacturers: Set<String> = [
    "AgfaImpax", "SyngoVia", "EFilm2", "MedInria", "ClearCanvas", "Dcm4Chee", "StoreScp", "ZWPacs",
  ]

  /// `DefaultEncoding`.
  static let encodings: Set<String> = [
    "Ascii", "Utf8", "Latin1", "Latin2", "Latin3", "Latin4", "Latin5", "Cyrillic", "Windows1251", "Arabic", "Greek",
    "Hebrew", "Thai", "Japanese", "Chinese", "JapaneseKanji", "Korean", "SimplifiedChinese",
  ]
}
