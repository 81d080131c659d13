-- The database as stations made it before there were migrations.
CREATE TABLE meta (
    "key" VARCHAR(40) NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_meta PRIMARY KEY ("key")
);
CREATE TABLE devices (
    id VARCHAR(40) NOT NULL,
    name VARCHAR(80) NOT NULL,
    station VARCHAR(36) NOT NULL,
    source JSON NOT NULL,
    settings JSON NOT NULL,
    enabled BOOLEAN NOT NULL,
    coil_id INTEGER,
    created_ms BIGINT NOT NULL,
    CONSTRAINT pk_devices PRIMARY KEY (id)
);
CREATE TABLE shifts (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    started_by VARCHAR(80) NOT NULL,
    ended_by VARCHAR(80),
    CONSTRAINT pk_shifts PRIMARY KEY (id)
);
CREATE INDEX ix_shifts_started_ms ON shifts (started_ms);
CREATE TABLE alarms (
    id INTEGER NOT NULL,
    rule VARCHAR(80) NOT NULL,
    device_id VARCHAR(40),
    frame_id INTEGER,
    message VARCHAR(300) NOT NULL,
    severity SMALLINT NOT NULL,
    raised_ms BIGINT NOT NULL,
    acknowledged_ms BIGINT,
    acknowledged_by VARCHAR(80),
    note VARCHAR(300),
    CONSTRAINT pk_alarms PRIMARY KEY (id)
);
CREATE INDEX ix_alarms_raised_ms ON alarms (raised_ms);
CREATE INDEX ix_alarms_acknowledged_ms ON alarms (acknowledged_ms);
CREATE TABLE users (
    name VARCHAR(80) NOT NULL,
    role VARCHAR(10) NOT NULL,
    password_hash TEXT NOT NULL,
    epoch VARCHAR(32) NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (name)
);
CREATE TABLE tokens (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    role VARCHAR(10) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT pk_tokens PRIMARY KEY (id),
    CONSTRAINT uq_tokens_digest UNIQUE (digest)
);
CREATE TABLE reports (
    id INTEGER NOT NULL,
    title VARCHAR(160) NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    coil_id INTEGER,
    name VARCHAR(32) NOT NULL,
    created_by VARCHAR(80) NOT NULL,
    created_ms BIGINT NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY (id)
);
CREATE TABLE events (
    id INTEGER NOT NULL,
    at_ms BIGINT NOT NULL,
    actor VARCHAR(80) NOT NULL,
    action VARCHAR(40) NOT NULL,
    detail VARCHAR(300) NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (id)
);
CREATE INDEX ix_events_at_ms ON events (at_ms);
CREATE TABLE coils (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    device_id VARCHAR(40) NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    speed_m_s FLOAT,
    CONSTRAINT pk_coils PRIMARY KEY (id),
    CONSTRAINT fk_coils_device_id FOREIGN KEY(device_id) REFERENCES devices (id)
);
CREATE INDEX ix_coils_device_id ON coils (device_id);
CREATE INDEX ix_coils_started_ms ON coils (started_ms);
CREATE INDEX ix_coils_name ON coils (name);
CREATE TABLE frames (
    id INTEGER NOT NULL,
    device_id VARCHAR(40) NOT NULL,
    origin VARCHAR(8) NOT NULL,
    frame_key VARCHAR(64),
    received_ms BIGINT NOT NULL,
    coil_id INTEGER,
    position_m FLOAT,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    image VARCHAR(80),
    image_bytes INTEGER NOT NULL,
    label VARCHAR(80) NOT NULL,
    probability FLOAT,
    severity SMALLINT NOT NULL,
    decision VARCHAR(8) NOT NULL,
    defect_count INTEGER NOT NULL,
    analysis_ms FLOAT NOT NULL,
    model VARCHAR(16) NOT NULL,
    lot FLOAT NOT NULL,
    CONSTRAINT pk_frames PRIMARY KEY (id),
    CONSTRAINT uq_frames_device_id_frame_key UNIQUE (device_id, frame_key),
    CONSTRAINT fk_frames_device_id FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT fk_frames_coil_id FOREIGN KEY(coil_id) REFERENCES coils (id)
);
CREATE INDEX ix_frames_device_id_received_ms ON frames (device_id, received_ms);
CREATE INDEX ix_frames_label_lot ON frames (label, lot);
CREATE INDEX ix_frames_kept_images ON frames (received_ms) WHERE image IS NOT NULL;
CREATE INDEX ix_frames_received_ms ON frames (received_ms);
CREATE INDEX ix_frames_coil_id ON frames (coil_id);
CREATE INDEX ix_frames_severity_received_ms ON frames (severity, received_ms);
CREATE TABLE defects (
    id INTEGER NOT NULL,
    frame_id INTEGER NOT NULL,
    device_id VARCHAR(40) NOT NULL,
    coil_id INTEGER,
    received_ms BIGINT NOT NULL,
    label VARCHAR(80) NOT NULL,
    class_name VARCHAR(80) NOT NULL,
    probability FLOAT NOT NULL,
    unknown_score FLOAT,
    severity SMALLINT NOT NULL,
    decision VARCHAR(8) NOT NULL,
    x INTEGER NOT NULL,
    y INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    window_x INTEGER NOT NULL,
    window_y INTEGER NOT NULL,
    window_width INTEGER NOT NULL,
    window_height INTEGER NOT NULL,
    area FLOAT NOT NULL,
    perimeter FLOAT NOT NULL,
    k FLOAT NOT NULL,
    area_ratio FLOAT NOT NULL,
    unit VARCHAR(2) NOT NULL,
    position_m FLOAT,
    across_mm FLOAT,
    lot FLOAT NOT NULL,
    CONSTRAINT pk_defects PRIMARY KEY (id),
    CONSTRAINT fk_defects_frame_id FOREIGN KEY(frame_id) REFERENCES frames (id)
);
CREATE INDEX ix_defects_frame_id ON defects (frame_id);
CREATE INDEX ix_defects_label_lot ON defects (label, lot);
CREATE INDEX ix_defects_coil_id ON defects (coil_id);
CREATE INDEX ix_defects_received_ms ON defects (received_ms);
CREATE TABLE reviews (
    id INTEGER NOT NULL,
    batch VARCHAR(32) NOT NULL,
    frame_id INTEGER NOT NULL,
    defect_id INTEGER,
    predicted VARCHAR(80) NOT NULL,
    drawn_ms BIGINT NOT NULL,
    true_class VARCHAR(80),
    reviewed_by VARCHAR(80),
    reviewed_ms BIGINT,
    CONSTRAINT pk_reviews PRIMARY KEY (id),
    CONSTRAINT uq_reviews_defect_id UNIQUE (defect_id),
    CONSTRAINT fk_reviews_frame_id FOREIGN KEY(frame_id) REFERENCES frames (id),
    CONSTRAINT fk_reviews_defect_id FOREIGN KEY(defect_id) REFERENCES defects (id)
);
CREATE INDEX ix_reviews_batch ON reviews (batch);
CREATE INDEX ix_reviews_frame_id ON reviews (frame_id);
CREATE INDEX ix_reviews_reviewed_ms ON reviews (reviewed_ms);
INSERT INTO meta VALUES ('schema_version', '1');
