import { auditApi } from "@netconductor/contracts/audit/api";
import { announceChanges } from "@netconductor/runtime/bus/announce-change";
import { afterCommit } from "@netconductor/runtime/db/database";
import { defineService } from "@netconductor/runtime/host/service";
import { appendRecords } from "./chain/chain-store.ts";
import { verifyAudit } from "./chain/verify-chain.ts";
import { whatChanged } from "./news/what-changed.ts";
import { exportAudit } from "./records/export-records.ts";
import { getAuditRecord, listAudit } from "./records/read-records.ts";

export const auditService = defineService({
	name: "audit",
	api: auditApi,
	migrations: new URL("../migrations/", import.meta.url),
	setup({ db, clock, ephemeral }) {
		return {
			operations: {
				listAudit: listAudit({ db }),
				exportAudit: exportAudit({ db }),
				verifyAudit: verifyAudit({ db }),
				getAuditRecord: getAuditRecord({ db }),
			},
			consumers: {
				"audit.operation_recorded.v1": {
					async many(events, tx) {
						const appended = events.map(({ payload }) => payload);
						await appendRecords(tx, appended, clock);
						// Only now does a page that reads the trail again find them there.
						afterCommit(tx, () => announceChanges(ephemeral, whatChanged(appended)));
					},
				},
			},
		};
	},
});
