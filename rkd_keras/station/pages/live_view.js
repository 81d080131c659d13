// The live picture of one device with its defects boxed and its verdict in words.
// It fetches by itself, one frame at a time, so a slow tablet never falls behind.
const PAUSE_MS = 90;
const WORST_MS = 2000;
const RECENT = 8;

export default {
  props: { device: String, name: String },
  template: `
    <div class="view">
      <div class="stack">
        <div class="stage">
          <svg v-if="frame" :viewBox="'0 0 ' + frame.width + ' ' + frame.height" role="img" :aria-label="summary">
            <image :href="image" :width="frame.width" :height="frame.height" preserveAspectRatio="none" />
            <rect v-for="(d, i) in frame.defects" :key="'box' + i" :x="d.box[0]" :y="d.box[1]" :width="d.box[2]" :height="d.box[3]"
              fill="none" :stroke="colour(d.severity)" stroke-width="3" vector-effect="non-scaling-stroke" />
            <g v-for="(l, i) in labels" :key="'label' + i" :transform="'translate(' + l.x + ',' + l.y + ')'">
              <rect :width="l.width" :height="l.height" :fill="colour(l.severity)" rx="1.5" />
              <text :x="size * 0.3" :y="size" :font-size="size" :fill="ink(l.severity)" font-weight="600"
                font-family="Roboto, sans-serif">{{ l.text }}</text>
            </g>
          </svg>
          <div v-else class="nothing">{{ trouble || 'Waiting for the first picture of ' + name + ' …' }}</div>
          <span class="chip" v-if="held">Held – live goes on behind it</span>
          <span class="chip" v-else-if="trouble && frame">{{ trouble }}</span>
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
      <aside class="card verdict stack" :class="shown ? shown.decision : ''" aria-live="off">
        <template v-if="shown">
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
    return { number_: 0, frame: null, image: "", seen: [], recent: [], held: false, trouble: "", alive: true, recentAt: 0 };
  },
  computed: {
    size() { return Math.max(this.frame.width / 48, 5); },
    shown() { return this.seen.length ? this.seen.reduce((a, b) => (this.rank(b[1]) >= this.rank(a[1]) ? b : a))[1] : null; },
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
  watch: { device() { this.restart(); } },
  mounted() { this.restart(); this.run(); },
  unmounted() { this.alive = false; },
  methods: {
    async restart() {
      Object.assign(this, { number_: 0, frame: null, image: "", seen: [], recent: [], held: false, trouble: "" });
      const device = this.device;
      const answer = await fetch(`/api/v1/frames?device=${device}&severity_min=1&limit=${RECENT}`).catch(() => null);
      if (answer && answer.ok && device === this.device && !this.recent.length) this.recent = (await answer.json()).frames.filter((f) => f.image_url);
    },
    async run() {
      while (this.alive) {
        const started = performance.now();
        if (!document.hidden && !this.held) await this.fetchOne();
        await new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE_MS - (performance.now() - started), 10)));
      }
    },
    async fetchOne() {
      const device = this.device;
      try {
        const answer = await fetch(`/api/v1/devices/${device}/latest?after=${this.number_}&wait_s=3`);
        if (device !== this.device || this.held) return;
        if (answer.status === 401) { location.reload(); return; }
        this.trouble = answer.status === 204 ? (this.frame ? "No new frame" : "") : "";
        if (answer.status === 204) return;
        if (!answer.ok) throw new Error(String(answer.status));
        const content = await answer.json();
        this.number_ = content.number;
        this.frame = content.frame;
        this.image = content.image;
        const now = performance.now();
        this.seen = [...this.seen.filter(([at]) => now - at < WORST_MS), [now, content.frame]];
        if (content.frame.defect_count && content.frame.image_url && now - this.recentAt > 900) {
          this.recentAt = now;
          this.recent = [content.frame, ...this.recent].slice(0, RECENT);
        }
      } catch {
        this.trouble = "The station does not answer";
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    },
    // What cannot be judged comes before what goes to review, and after a reject.
    rank(frame) { return frame.decision === "invalid" ? 3.5 : frame.severity; },
    colour(s) { return ["#8aa4bd", "#b9d6f2", "#b9d6f2", "#ffdf80", "#ff9f45", "#e3372c"][s]; },
    ink(s) { return s === 5 ? "#ffffff" : "#141d27"; },
    plain(label) { return label === "unknown" ? "unknown surface" : label.replaceAll("_", " "); },
    number(value) { return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1); },
    clock(iso) { return new Date(iso).toLocaleTimeString([], { hour12: false }); },
  },
};
