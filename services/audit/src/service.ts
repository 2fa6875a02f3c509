import { auditApi } from "@netconductor/contracts/audit/api";
import { defineService } from "@netconductor/runtime/host/service";
import { appendRecords } from "./chain/chain-store.ts";
import { verifyAudit } from "./chain/verify-chain.ts";
import { getAuditRecord, listAudit } from "./records/read-records.ts";

export const auditService = defineService({
	name: "audit",
	api: auditApi,
	migrations: new URL("../migrations/", import.meta.url),
	setup({ db, clock }) {
		return {
			operations: {
				listAudit: listAudit({ db }),
				verifyAudit: verifyAudit({ db }),
				getAuditRecord: getAuditRecord({ db }),
			},
			consumers: {
				"audit.operation_recorded.v1": {
					many: (events, tx) =>
						appendRecords(
							tx,
							events.map(({ payload }) => payload),
							clock,
						),
				},
			},
		};
	},
});
