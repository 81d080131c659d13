// The live picture of one device with its defects boxed and its verdict in words.
// It asks by itself, one answer at a time, so a slow tablet never falls behind: each answer
// has every verdict since the one before, and the worst of the last two seconds.
const PAUSE_MS = 90;
const ANSWER_MS = 2000;
const STALL_MS = 2000;
const REMIND_MS = 10000;
const RECENT = 8;

export default {
  props: { device: String, name: String },
  template: `
    <div class="view">
      <div class="stack">
        <div class="stage">
          <svg v-if="frame" :viewBox="'0 0 ' + frame.width + ' ' + frame.height" role="img" :aria-label="summary">
            <image :href="image" :width="frame.width" :height="frame.height" preserveAspectRatio="none" />
            <g v-for="(d, i) in frame.defects" :key="'box' + i">
              <rect v-for="line in outline(d)" :key="line[0]" :x="d.box[0]" :y="d.box[1]" :width="d.box[2]" :height="d.box[3]"
                fill="none" :stroke="line[1]" :stroke-width="line[0]" vector-effect="non-scaling-stroke" />
            </g>
            <g v-for="(l, i) in labels" :key="'label' + i" :transform="'translate(' + l.x + ',' + l.y + ')'">
              <rect :width="l.width" :height="l.height" :fill="colour(l.severity)" rx="1.5" />
              <text :x="size * 0.3" :y="size" :font-size="size" :fill="ink(l.severity)" font-weight="600"
                font-family="Roboto, sans-serif">{{ l.text }}</text>
            </g>
          </svg>
          <div v-else class="nothing">{{ grey || 'Waiting for the first picture of ' + name + ' …' }}</div>
          <div class="nopicture" v-if="grey && frame" role="alert">{{ grey }}<small v-if="why">{{ why }}</small></div>
          <span class="chip" v-else-if="held">Held – verdicts go on beside it</span>
        </div>
        <div class="spread">
          <h2>Latest defects</h2>
          <button type="button" class="btn" data-key=" " data-hint="Hold the picture, let it run again" :aria-pressed="held"
            @click="held = !held">{{ held ? 'Run again' : 'Hold picture' }} <kbd>space</kbd></button>
        </div>
        <div class="recent">
          <a v-for="f in recent" :key="f.id" :href="'/frame/' + f.id">
            <svg :viewBox="'0 0 ' + f.width + ' ' + f.height" preserveAspectRatio="xMidYMid slice" role="img" :aria-label="'frame ' + f.id">
              <image :href="f.image_url" :width="f.width" :height="f.height" preserveAspectRatio="none" />
              <rect v-for="(d, i) in f.defects" :key="i" :x="d.box[0]" :y="d.box[1]" :width="d.box[2]" :height="d.box[3]"
                fill="none" :stroke="colour(d.severity)" stroke-width="2" vector-effect="non-scaling-stroke" />
            </svg>
            <span class="line"><span class="severity" :class="'s' + f.severity">{{ f.severity }}</span>
              <b>{{ plain(f.label) }}</b></span>
            <span class="soft num">{{ clock(f.received_at) }}<template v-if="f.position_m !== null">, {{ f.position_m.toFixed(1) }} m</template></span>
          </a>
          <div v-if="!recent.length" class="empty">No defects yet.</div>
        </div>
      </div>
      <aside class="card verdict stack" :class="grey ? 'grey' : shown ? shown.decision : ''" aria-live="off">
        <b class="soft" style="overflow-wrap:anywhere">{{ name }}</b>
        <template v-if="grey">
          <div class="decision">{{ grey }}</div>
          <p class="soft" style="margin:0" v-if="why">{{ why }}</p>
          <a v-if="ended" class="btn primary" href="/login">Log in again</a>
          <p class="soft small" style="margin:0" v-if="shown">The last verdict was {{ shown.decision }}. It does not hold any more.</p>
        </template>
        <template v-else-if="shown">
          <div class="spread"><span class="decision">{{ shown.decision }}</span>
            <span class="line" v-if="!shown.fault"><span class="soft small">severity</span>
            <span class="severity" :class="'s' + shown.severity">{{ shown.severity }}</span></span></div>
          <div class="word">{{ shown.fault ? 'picture: ' + shown.fault : plain(shown.label) }}</div>
          <template v-if="worst">
            <p v-if="worst.label === 'unknown'" class="soft" style="margin:0">{{ worst.in_words }}</p>
            <div v-else><div class="spread small"><span class="soft">probability</span><b class="num">{{ (100 * worst.probability).toFixed(1) }} %</b></div>
              <div class="bar"><i :style="{ width: 100 * worst.probability + '%' }"></i></div></div>
            <dl class="facts">
              <dt>defects</dt><dd>{{ shown.defect_count }}</dd>
              <dt>area</dt><dd>{{ number(worst.area) }} {{ worst.unit }}²</dd>
              <dt>share of square</dt><dd>{{ worst.area_ratio.toFixed(2) }} %</dd>
              <dt>K = perimeter / area</dt><dd>{{ worst.k.toFixed(3) }}</dd>
              <template v-if="worst.position_m !== null"><dt>position</dt><dd>{{ worst.position_m.toFixed(2) }} m</dd></template>
            </dl>
          </template>
          <p v-else-if="shown.fault" class="soft" style="margin:0">This picture cannot be judged. It was neither classified nor measured.</p>
          <p v-else-if="shown.decision === 'review'" class="soft" style="margin:0">No mark was found, but it is not known yet what is normal here: the device learns that from its first frames.</p>
          <p v-else class="soft" style="margin:0">The last two seconds show no mark on the surface.</p>
          <dl class="facts small">
            <dt>frame</dt><dd>{{ shown.id === null ? 'not stored' : shown.id }}</dd>
            <dt>received</dt><dd>{{ clock(shown.received_at) }}</dd>
            <dt>analysis</dt><dd>{{ shown.analysis_ms.toFixed(1) }} ms</dd>
          </dl>
          <p class="soft small" style="margin:0">Worst frame of the last two seconds.</p>
        </template>
        <p v-else class="soft" style="margin:0">No verdict yet.</p>
      </aside>
    </div>`,
  data() {
    return {
      number_: 0, frame: null, image: "", shown: null, recent: [], held: false, alive: true, recentAt: 0, pending: null,
      state: "", reason: "", lastAt: "", stallMs: STALL_MS, frameAt: 0, failing: false, ended: false, now: 0,
      zone: "", offsetS: 0,
    };
  },
  computed: {
    size() { return Math.max(this.frame.width / 48, 5); },
    // Why the verdict does not hold, in capitals; empty while pictures come.
    grey() {
      if (this.ended) return "SESSION ENDED" + this.since;
      if (this.failing) return "NO ANSWER" + this.since;
      if (!this.frame) return ["stalled", "lost", "stopped"].includes(this.state) ? "NO PICTURE" : "";
      if (this.state === "stopped") return "STOPPED" + this.since;
      const late = this.frameAt && this.now - this.frameAt > this.stallMs;
      return late || this.state !== "running" ? "NO PICTURE" + this.since : "";
    },
    silent() { return this.ended || this.failing; },
    since() { return this.lastAt ? ` since ${this.clock(this.lastAt)}` : ""; },
    why() {
      if (this.ended) return "Nobody is logged in on this page any more.";
      if (this.failing) return "The station does not answer.";
      return this.reason || { stopped: "The device was stopped.", lost: "The device is lost." }[this.state] || "No frame comes.";
    },
    worst() { return this.shown && this.shown.defects.length ? this.shown.defects.reduce((a, b) => (b.severity > a.severity ? b : a)) : null; },
    // The worst defects are named first; a name that would cover another is left out.
    labels() {
      const placed = [];
      const height = this.size * 1.35;
      for (const d of [...this.frame.defects].sort((a, b) => b.severity - a.severity)) {
        const sure = d.label === "unknown" ? "" : ` ${Math.round(100 * d.probability)} %`;
        const text = `${this.plain(d.label)}${sure} · ${d.severity}`;
        const width = text.length * this.size * 0.52 + this.size * 0.6;
        const x = Math.max(Math.min(d.box[0], this.frame.width - width), 0);
        const above = d.box[1] - height;
        const y = above >= 0 ? above : Math.min(d.box[1] + d.box[3], this.frame.height - height);
        const covers = placed.some((l) => x < l.x + l.width && l.x < x + width && y < l.y + height && l.y < y + height);
        if (!covers) placed.push({ x, y, width, height, text, severity: d.severity });
      }
      return placed;
    },
    summary() { return `${this.name}: ${this.frame.defect_count} defects, ${this.plain(this.frame.label)}`; },
  },
  watch: {
    device() { this.restart(); },
    grey(text) { this.remind(text); },
    // Then nothing that the server wrote on the page holds any more, tiles included.
    silent(is) { document.documentElement.toggleAttribute("data-silent", is); },
  },
  mounted() {
    this.ticking = setInterval(() => { this.now = performance.now(); }, 200);
    this.restart();
    this.run();
  },
  unmounted() {
    this.alive = false;
    document.documentElement.removeAttribute("data-silent");
    clearInterval(this.ticking);
    clearInterval(this.reminding);
  },
  methods: {
    async restart() {
      Object.assign(this, { number_: 0, frame: null, image: "", shown: null, recent: [], held: false, pending: null,
        state: "", reason: "", lastAt: "", frameAt: 0 });
      const device = this.device;
      const answer = await fetch(`/api/v1/frames?device=${device}&severity_min=1&limit=${RECENT}`).catch(() => null);
      if (answer && answer.ok && device === this.device && !this.recent.length) this.recent = (await answer.json()).frames.filter((f) => f.image_url);
    },
    async run() {
      while (this.alive) {
        const started = performance.now();
        if (!this.ended) await this.fetchOne();
        await new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE_MS - (performance.now() - started), 10)));
      }
    },
    async fetchOne() {
      const device = this.device;
      const wants = !document.hidden && !this.held;
      const query = `after=${this.number_}&wait_s=1&state=${this.state}&image=${wants}`;
      try {
        const answer = await fetch(`/api/v1/devices/${device}/live?${query}`, { signal: AbortSignal.timeout(ANSWER_MS) });
        if (device !== this.device) return;
        if (answer.status === 401) { this.ended = true; return; }
        if (!answer.ok) throw new Error(String(answer.status));
        const content = await answer.json();
        if (device === this.device) this.take(content);
      } catch {
        if (device !== this.device) return;
        this.failing = true;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
    take(content) {
      this.now = performance.now();
      Object.assign(this, { failing: false, number_: content.number, state: content.state, reason: content.reason,
        shown: content.worst, zone: content.zone, offsetS: content.utc_offset_s });
      if (content.last_at) this.lastAt = content.last_at;
      if (content.stall_after_s) this.stallMs = 1000 * content.stall_after_s;
      if (content.frame) {
        this.frameAt = this.now;
        if (content.image && !this.held) Object.assign(this, { frame: content.frame, image: content.image });
      }
      // Thumbnails cost a request each: the worst of each second.
      const bad = content.frames.filter((f) => (f.defect_count || f.fault) && f.image_url);
      this.pending = bad.reduce((a, f) => (a && this.rank(a) > this.rank(f) ? a : f), this.pending);
      if (this.pending && this.now - this.recentAt > 900) {
        this.recentAt = this.now;
        this.recent = [this.pending, ...this.recent].slice(0, RECENT);
        this.pending = null;
      }
    },
    // A sound when the verdict ends, and again while nobody has seen to it; once where
    // a person stopped the device.
    remind(text) {
      clearInterval(this.reminding);
      if (!text) return;
      window.stationTone?.();
      if (this.state !== "stopped") this.reminding = setInterval(() => window.stationTone?.(), REMIND_MS);
    },
    // As the server orders them: the decision first.
    rank(frame) { return 10 * ["accept", "review", "invalid", "reject"].indexOf(frame.decision) + frame.severity; },
    // Dark, light, then the severity's colour: one of them is seen on any grey.
    outline(defect) { return [[9, "#000000"], [6, "#ffffff"], [3, this.colour(defect.severity)]]; },
    colour(s) { return ["#8aa4bd", "#b9d6f2", "#b9d6f2", "#ffdf80", "#ff9f45", "#e3372c"][s]; },
    ink(s) { return s === 5 ? "#ffffff" : "#141d27"; },
    plain(label) { return label === "unknown" ? "unknown surface" : label.replaceAll("_", " "); },
    number(value) { return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1); },
    // The station's own time, whatever the tablet's zone is.
    clock(iso) {
      const local = new Date(Date.parse(iso) + 1000 * this.offsetS).toISOString();
      return `${local.slice(11, 19)} ${this.zone}`;
    },
  },
};
