import { Drawer } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { PasswordAsked } from "./password-asked.tsx";
import { RecoveryCodesShown } from "./recovery-codes-shown.tsx";

/** Makes ten new recovery codes. */
export function NewRecoveryCodes({ onClose }: { onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const make = useMutation({
		mutationFn: (password: string) => api.auth.createRecoveryCodes({ body: { password } }),
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
				<PasswordAsked action="Make new codes" send={make} onClose={onClose}>
					The codes that you have now will be void.
				</PasswordAsked>
			) : (
				<RecoveryCodesShown codes={make.data.recovery_codes} onClose={onClose} />
			)}
		</Drawer>
	);
}
