<?php
/**
 * Makes the people of the benchmark and prints, as JSON, who they are and what a signed-in browser of each would show.
 *
 * Usage: people.php COUNT
 */

$people = array();
for ( $number = 1; $number <= (int) $argv[1]; $number++ ) {
	$login = 'bench' . $number;
	$user  = get_user_by( 'login', $login );
	$id    = $user ? $user->ID : wp_insert_user(
		array(
			'user_login'   => $login,
			'user_pass'    => wp_generate_password(),
			'user_email'   => $login . '@example.test',
			'display_name' => 'Bench ' . $number,
			'role'         => 'subscriber',
		)
	);

	$expires = time() + DAY_IN_SECONDS;
	$session = WP_Session_Tokens::get_instance( $id )->create( $expires );
	$cookie  = wp_generate_auth_cookie( $id, $expires, 'logged_in', $session );

	// A nonce belongs to the session of the cookie.
	$_COOKIE[ LOGGED_IN_COOKIE ] = $cookie;
	wp_set_current_user( $id );
	$people[] = array(
		'id'     => $id,
		'cookie' => LOGGED_IN_COOKIE . '=' . rawurlencode( $cookie ),
		'nonce'  => wp_create_nonce( 'wp_rest' ),
	);
}

// The limit of messages a minute protects a site from one sender; here it would be all that is measured.
update_option( 'chatpulse_rate_limit', 0 );
echo wp_json_encode( $people );
