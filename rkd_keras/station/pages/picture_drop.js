// Load a picture: drop it, or choose it. It goes to the API as any other client's.
export default {
  template: `
    <div>
      <label class="drop" :class="{ over }" @dragover.prevent="over = true" @dragleave="over = false" @drop.prevent="drop">
        <b>{{ busy ? 'Rating the picture …' : 'Drop a picture here, or choose one' }}</b>
        <span class="soft small">JPEG, PNG, BMP, TIFF or WebP</span>
        <input ref="file" type="file" class="visually-hidden" data-key="L" data-hint="Load a picture" aria-label="Load a picture"
          accept=".jpg,.jpeg,.png,.bmp,.tif,.tiff,.webp,.pgm" @change="send($event.target.files[0])" />
      </label>
      <p v-if="problem" role="alert" class="pill bad" style="white-space:normal;margin-top:10px">{{ problem }}</p>
    </div>`,
  data() { return { over: false, busy: false, problem: "" }; },
  methods: {
    drop(event) { this.over = false; this.send(event.dataTransfer.files[0]); },
    async send(file) {
      if (!file || this.busy) return;
      this.busy = true;
      this.problem = "";
      try {
        const answer = await fetch("/api/v1/inspect", { method: "POST", body: file, headers: { "content-type": "application/octet-stream" } });
        const content = await answer.json();
        if (!answer.ok) this.problem = content.detail;
        else location.href = `/frame/${content.id}`;
      } catch {
        this.problem = "The station does not answer; try again.";
      } finally {
        this.busy = false;
        this.$refs.file.value = "";
      }
    },
  },
};
