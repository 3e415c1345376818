import Dicom
import GRDB

/// The tables of `index.sqlite`. A column for every main tag, named by its keyword and holding the value as text with
/// backslashes between values; NULL where the attribute is absent.
///
/// A migration, once released, is never edited: a change is a new one behind it. That is why the columns are written out
/// here and not taken from ``MainTags``; a test says that the two agree.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 resources") { db in
      try db.execute(sql: resources)
    }
    migrator.registerMigration("2 terms") { db in
      try db.execute(sql: terms)
      var all = Terms(db)
      try all.addAll()
    }
    migrator.registerMigration("3 times of study and birth") { db in
      // For lists sorted by these.
      try db.execute(
        sql: """
          CREATE INDEX study_birthDate ON study (PatientBirthDate_f);
          CREATE INDEX study_time ON study (StudyTime_f);
          """)
    }
    return migrator
  }

  private static let patientTags = """
    PatientID TEXT, PatientName TEXT, PatientBirthDate TEXT, PatientSex TEXT, OtherPatientIDs TEXT,
    PatientID_f TEXT, PatientName_f TEXT, PatientName_i TEXT, PatientName_p TEXT, PatientBirthDate_f TEXT
    """

  /// `key` is the Orthanc identifier as 20 bytes. `source` is the instance whose values the row shows: of all below it the
  /// one received first (`sourceReceived`), so that a rebuild in any order gives the same.
  private static let resource = """
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, source BLOB NOT NULL, sourceReceived REAL NOT NULL,
    lastUpdate REAL NOT NULL, instanceCount INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0
    """

  private static let resources = """
    CREATE TABLE patient (\(resource),
      studyCount INTEGER NOT NULL DEFAULT 0, seriesCount INTEGER NOT NULL DEFAULT 0,
      \(patientTags)) STRICT;
    CREATE INDEX patient_id ON patient (PatientID_f);
    CREATE INDEX patient_name ON patient (PatientName_f);

    CREATE TABLE study (\(resource),
      patient INTEGER NOT NULL REFERENCES patient, seriesCount INTEGER NOT NULL DEFAULT 0,
      modalities TEXT NOT NULL DEFAULT '', remoteAET TEXT,
      \(patientTags),
      StudyInstanceUID TEXT, StudyDate TEXT, StudyTime TEXT, StudyID TEXT, StudyDescription TEXT, AccessionNumber TEXT,
      ReferringPhysicianName TEXT, InstitutionName TEXT, RequestingPhysician TEXT, RequestedProcedureDescription TEXT,
      StudyDate_f TEXT, StudyTime_f TEXT, AccessionNumber_f TEXT, StudyDescription_f TEXT, StudyID_f TEXT) STRICT;
    CREATE INDEX study_patient ON study (patient);
    CREATE INDEX study_uid ON study (StudyInstanceUID);
    CREATE INDEX study_date ON study (StudyDate_f, StudyTime_f);
    CREATE INDEX study_patientID ON study (PatientID_f);
    CREATE INDEX study_patientName ON study (PatientName_f, PatientName_i);
    CREATE INDEX study_accession ON study (AccessionNumber_f);
    CREATE INDEX study_description ON study (StudyDescription_f);
    CREATE INDEX study_lastUpdate ON study (lastUpdate);
    -- For lists sorted by these.
    CREATE INDEX study_modalities ON study (modalities);
    CREATE INDEX study_seriesCount ON study (seriesCount);
    CREATE INDEX study_instanceCount ON study (instanceCount);
    CREATE INDEX study_bytes ON study (bytes);
    CREATE VIRTUAL TABLE studyText USING fts5 (text, tokenize = 'trigram');

    CREATE TABLE series (\(resource),
      study INTEGER NOT NULL REFERENCES study, remoteAET TEXT,
      SeriesInstanceUID TEXT, SeriesDate TEXT, SeriesTime TEXT, Modality TEXT, Manufacturer TEXT, StationName TEXT,
      SeriesDescription TEXT, BodyPartExamined TEXT, SequenceName TEXT, ProtocolName TEXT, SeriesNumber TEXT,
      CardiacNumberOfImages TEXT, ImagesInAcquisition TEXT, NumberOfTemporalPositions TEXT, NumberOfSlices TEXT,
      NumberOfTimeSlices TEXT, ImageOrientationPatient TEXT, SeriesType TEXT, OperatorsName TEXT,
      PerformedProcedureStepDescription TEXT, AcquisitionDeviceProcessingDescription TEXT, ContrastBolusAgent TEXT,
      Modality_f TEXT, SeriesDescription_f TEXT) STRICT;
    CREATE INDEX series_study ON series (study);
    CREATE INDEX series_uid ON series (SeriesInstanceUID);
    CREATE INDEX series_modality ON series (Modality_f, study);

    CREATE TABLE instance (
      id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, series INTEGER NOT NULL REFERENCES series,
      received REAL NOT NULL, bytes INTEGER NOT NULL, SOPClassUID TEXT NOT NULL, transferSyntaxUID TEXT NOT NULL,
      remoteAET TEXT, calledAET TEXT,
      SOPInstanceUID TEXT, InstanceCreationDate TEXT, InstanceCreationTime TEXT, AcquisitionNumber TEXT, ImageIndex TEXT,
      InstanceNumber TEXT, NumberOfFrames TEXT, TemporalPositionIdentifier TEXT, ImagePositionPatient TEXT,
      ImageComments TEXT, ImageOrientationPatient TEXT) STRICT;
    CREATE INDEX instance_series ON instance (series);
    CREATE INDEX instance_uid ON instance (SOPInstanceUID);

    -- What else arrived under an identity: the files <id>.2.dcm, <id>.3.dcm, ...
    CREATE TABLE version (
      instance BLOB NOT NULL, number INTEGER NOT NULL, received REAL NOT NULL, bytes INTEGER NOT NULL,
      transferSyntaxUID TEXT NOT NULL, remoteAET TEXT, PRIMARY KEY (instance, number)) STRICT, WITHOUT ROWID;
    """

  /// See ``Terms``. The trigrams only narrow the choice, so where in a value they stand is not kept.
  private static let terms = """
    CREATE TABLE term (id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (tag, value)) STRICT;
    CREATE VIRTUAL TABLE termText USING fts5 (value, content = 'term', content_rowid = 'id',
      tokenize = 'trigram case_sensitive 1', detail = 'none', columnsize = 0);
    CREATE TABLE patientTerm (term INTEGER NOT NULL, resource INTEGER NOT NULL, PRIMARY KEY (term, resource))
      STRICT, WITHOUT ROWID;
    CREATE TABLE studyTerm (term INTEGER NOT NULL, resource INTEGER NOT NULL, PRIMARY KEY (term, resource))
      STRICT, WITHOUT ROWID;
    CREATE TABLE seriesTerm (term INTEGER NOT NULL, resource INTEGER NOT NULL, PRIMARY KEY (term, resource))
      STRICT, WITHOUT ROWID;
    CREATE TABLE instanceTerm (term INTEGER NOT NULL, resource INTEGER NOT NULL, PRIMARY KEY (term, resource))
      STRICT, WITHOUT ROWID;
    """
}

/// The tables of `state.sqlite`: what no file carries and a rebuild of the index must not touch.
enum StateSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 protection") { db in
      // Studies that recycling leaves alone, by Orthanc identifier.
      try db.execute(
        sql: "CREATE TABLE protectedStudy (study TEXT PRIMARY KEY, since REAL NOT NULL) STRICT, WITHOUT ROWID")
    }
    migrator.registerMigration("storage commitment") { db in
      // A state of 0 is committed, another the failure reason, NULL not reported.
      try db.execute(
        sql: """
          CREATE TABLE commitment (
            uid TEXT PRIMARY KEY, peer TEXT NOT NULL, asked REAL NOT NULL, reported REAL) STRICT, WITHOUT ROWID;
          CREATE TABLE commitmentInstance (
            uid TEXT NOT NULL REFERENCES commitment ON DELETE CASCADE, sopClass TEXT NOT NULL, sopInstance TEXT NOT NULL,
            state INTEGER, UNIQUE (uid, sopInstance)) STRICT;
          """)
    }
    migrator.registerMigration("kept text") { db in
      try db.execute(
        sql: """
          CREATE TABLE keptText (kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, changed REAL NOT NULL,
            PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID
          """)
    }
    migrator.registerMigration("digests") { db in
      try db.execute(
        sql: """
          CREATE TABLE digest (
            instance BLOB NOT NULL, version INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (instance, version)
          ) STRICT, WITHOUT ROWID
          """)
    }
    migrator.registerMigration("deletions") { db in
      // Deleted instances that a journal may still hold.
      try db.execute(
        sql: "CREATE TABLE deletedInstance (instance BLOB PRIMARY KEY, time REAL NOT NULL) STRICT, WITHOUT ROWID")
    }
    migrator.registerMigration("history") { db in
      // An id is never used again, so that the oldest are those with the least.
      try db.execute(
        sql: """
          CREATE TABLE history (
            id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, isIncoming INTEGER NOT NULL,
            peer TEXT NOT NULL, address TEXT NOT NULL, user TEXT NOT NULL, request TEXT NOT NULL,
            started REAL NOT NULL, ended REAL NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL,
            completed INTEGER, failed INTEGER, warning INTEGER, received INTEGER, bytes INTEGER NOT NULL) STRICT;
          CREATE INDEX history_ended ON history (ended);
          """)
    }
    migrator.registerMigration("jobs") { db in
      // Unfinished ones; the owner is the name of a file that its process holds a lock on.
      try db.execute(
        sql: """
          CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, modality TEXT NOT NULL, user TEXT NOT NULL,
            created REAL NOT NULL, place INTEGER NOT NULL, request TEXT NOT NULL) STRICT;
          CREATE TABLE jobDone (
            job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE, item TEXT NOT NULL, PRIMARY KEY (job, item)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }
}
