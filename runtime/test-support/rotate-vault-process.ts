import { openDatabase } from "../src/db/database.ts";
import { createLog } from "../src/log.ts";
import { loadMasterKeys } from "../src/master-key.ts";
import { createVault } from "../src/vault.ts";

// Rotates the keys of the schema `devices` and dies without a word after the first rows.
const [url = "", configured = ""] = process.argv.slice(2);
const db = openDatabase({ url, schema: "devices", application_name: "rotation to be killed", max: 3 });
const master = await loadMasterKeys({ configured, data_dir: "." });
const vault = await createVault({ db, master, service: "devices", log: createLog({ level: "error" }) });
await vault.rotate({
	columns: [{ table: "credentials", column: "password" }],
	batch: 20,
	on_progress({ resealed }) {
		if (resealed >= 40) process.kill(process.pid, "SIGKILL");
	},
});
