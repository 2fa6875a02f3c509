import { Drawer } from "@mantine/core";
import type { OwnerProof } from "@netconductor/contracts/auth/second-factor";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { toastDone } from "../../ui/toast.tsx";
import { ProofAsked } from "./proof-asked.tsx";

/** Takes one's own authenticator app away. */
export function RemoveFactor({ id, isLast, onClose }: { id: string; isLast: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const remove = useMutation({
		mutationFn: (proof: OwnerProof) => api.auth.removeSecondFactor({ params: { id }, body: proof }),
		onSuccess: async () => {
			await queries.invalidateQueries({ queryKey: ["me", "second-factors"] });
			toastDone("The authenticator app is removed");
			onClose();
		},
	});
	return (
		<Drawer opened onClose={onClose} title="Remove the authenticator app" position="right" size={520}>
			<ProofAsked action="Remove" send={remove} onClose={onClose}>
				{isLast
					? "From then on your password alone signs you in. Your recovery codes go with it."
					: "From then on its codes are not taken. Your passkeys and recovery codes stay."}
			</ProofAsked>
		</Drawer>
	);
}
