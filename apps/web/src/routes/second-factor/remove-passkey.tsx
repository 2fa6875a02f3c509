import { Drawer } from "@mantine/core";
import type { Passkey } from "@netconductor/contracts/auth/passkeys";
import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { ProofAsked } from "./proof-asked.tsx";

/** Takes one of one's own passkeys away. */
export function RemovePasskey({
	passkey,
	isLast,
	onClose,
}: {
	passkey: Passkey;
	/** No second factor stays. */
	isLast: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const name = visibleLine(passkey.name);
	const remove = useMutation({
		mutationFn: (proof: OwnerProof) => api.auth.removePasskey({ params: { id: passkey.id }, body: proof }),
		onSuccess: async () => {
			await queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			toastDone(`The passkey ${name} is removed`);
			onClose();
		},
	});
	return (
		<Drawer opened onClose={onClose} title={`Remove the passkey ${name}`} position="right" size={520}>
			<ProofAsked action="Remove" send={remove} onClose={onClose}>
				{isLast
					? "From then on your password alone signs you in. Your recovery codes go with it."
					: "From then on it signs you in no more. Your other second factors and your recovery codes stay."}{" "}
				Delete it on the device as well, which goes on offering it otherwise.
			</ProofAsked>
		</Drawer>
	);
}
