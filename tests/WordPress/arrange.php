<?php
/**
 * Arranges a real site for tests of the chat server: a line of JSON in, a line of JSON out, as long as lines come.
 * Run by site.sh php, with WordPress loaded; rows are written past WordPress, because hundreds of users are made.
 */

// The administrator. Everybody else goes: their names would be found by what tests search for.
const KEPT_USERS = 1;

global $wpdb;

/** Empties the chat, and forgets all users. */
function empty_chat( \wpdb $wpdb ): array {
	$wpdb->query( 'START TRANSACTION' );
	// What belongs to threads goes with them.
	$wpdb->query( "DELETE FROM {$wpdb->prefix}chatpulse_message_threads" );
	$wpdb->query( "DELETE FROM {$wpdb->prefix}chatpulse_message_attachments" );
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->usermeta} WHERE user_id > %d", KEPT_USERS ) );
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->users} WHERE ID > %d", KEPT_USERS ) );
	$wpdb->query( 'COMMIT' );
	return array( 'done' => true );
}

/** Makes a subscriber whose account has nothing that a search for a name would find. */
function make_subscriber( \wpdb $wpdb, string $name ): array {
	static $number = 0;
	$login = (string) ++$number;
	$wpdb->query( 'START TRANSACTION' );
	$wpdb->insert(
		$wpdb->users,
		array(
			'user_login'      => $login,
			'user_nicename'   => $login,
			'user_pass'       => '!',
			'user_email'      => $login . '@0.0',
			'user_registered' => gmdate( 'Y-m-d H:i:s' ),
			'display_name'    => $name,
		)
	);
	$id = (int) $wpdb->insert_id;
	$wpdb->insert(
		$wpdb->usermeta,
		array(
			'user_id'    => $id,
			'meta_key'   => $wpdb->prefix . 'capabilities',
			'meta_value' => serialize( array( 'subscriber' => true ) ),
		)
	);
	$wpdb->query( 'COMMIT' );
	return array( 'id' => $id );
}

// Tests send faster than people.
update_option( 'chatpulse_rate_limit', 0 );

while ( false !== ( $line = fgets( STDIN ) ) ) {
	$ask    = json_decode( $line, true );
	$answer = match ( $ask['do'] ) {
		'forget' => empty_chat( $wpdb ),
		'add'    => make_subscriber( $wpdb, $ask['name'] ),
		'rename' => array( 'rows' => $wpdb->update( $wpdb->users, array( 'display_name' => $ask['name'] ), array( 'ID' => $ask['id'] ) ) ),
	};
	if ( '' !== $wpdb->last_error ) {
		$answer = array( 'error' => $wpdb->last_error );
	}
	echo wp_json_encode( $answer ), "\n";
}
