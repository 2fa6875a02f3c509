import { Drawer } from "@mantine/core";
import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { ProofAsked } from "./proof-asked.tsx";
import { RecoveryCodesShown } from "./recovery-codes-shown.tsx";

/** Makes ten new recovery codes. */
export function NewRecoveryCodes({ onClose }: { onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const make = useMutation({
		mutationFn: (proof: OwnerProof) => api.auth.createRecoveryCodes({ body: proof }),
		onSuccess: () => queries.invalidateQueries({ queryKey: ["me", "second-factors"] }),
	});
	return (
		<Drawer
			opened
			onClose={onClose}
			title="New recovery codes"
			position="right"
			size={520}
			closeOnClickOutside={make.data === undefined}
		>
			{make.data === undefined ? (
				<ProofAsked action="Make new codes" send={make} onClose={onClose}>
					The codes that you have now will be void.
				</ProofAsked>
			) : (
				<RecoveryCodesShown codes={make.data.recovery_codes} onClose={onClose} />
			)}
		</Drawer>
	);
}
