<?php
/**
 * What batches cost: CPU time of PHP and MariaDB, and the time until the answer.
 *
 *   scripts/wordpress/site.sh start DIR
 *   scripts/wordpress/site.sh php DIR scripts/wordpress/batch-cost.php DIR
 *
 * Makes 200 users and a group of them the first time; lifts the rate limit while it runs.
 */

const USERS   = 200;
const BATCHES = 20;

$dir   = (string) ( $argv[1] ?? '' );
$limit = get_option( 'chatpulse_rate_limit', 60 );
if ( ! is_file( "$dir/run/mariadb.pid" ) ) {
	fwrite( STDERR, "usage: site.sh php DIR batch-cost.php DIR\n" );
	exit( 2 );
}

/** CPU milliseconds that a service's processes have used until now. */
function used( string $dir, string $service ): int {
	$parent = (int) file_get_contents( "$dir/run/$service.pid" );
	$ticks  = 0;
	foreach ( glob( '/proc/[0-9]*/stat' ) as $file ) {
		$stat   = (string) @file_get_contents( $file );
		$fields = explode( ' ', substr( $stat, (int) strrpos( $stat, ')' ) + 2 ) );
		if ( basename( dirname( $file ) ) === (string) $parent || (int) ( $fields[1] ?? 0 ) === $parent ) {
			$ticks += (int) $fields[11] + (int) $fields[12];
		}
	}
	return $ticks * 10;
}

/** Sends a batch and answers its results. */
function batch( array $operations ): array {
	$answer = wp_remote_post(
		rest_url( 'chatpulse-chat/v1/batch' ),
		array(
			'timeout' => 60,
			'headers' => array(
				'Content-Type'        => 'application/json',
				'X-Chatpulse-API-Key' => Chatpulse\Options::api_key(),
			),
			'body'    => wp_json_encode( array( 'operations' => $operations ) ),
		)
	);
	$body = is_wp_error( $answer ) ? array() : json_decode( wp_remote_retrieve_body( $answer ), true );
	if ( ! isset( $body['results'] ) || array_filter( $body['results'], static fn( array $result ): bool => $result['status'] >= 400 ) ) {
		fwrite( STDERR, 'A batch failed: ' . wp_json_encode( is_wp_error( $answer ) ? $answer->get_error_message() : $body ) . "\n" );
		exit( 1 );
	}
	return $body['results'];
}

$users = array();
for ( $i = 0; $i < USERS; $i++ ) {
	$known   = get_user_by( 'login', "cost$i" );
	$users[] = $known ? $known->ID : wp_insert_user( array( 'user_login' => "cost$i", 'user_pass' => wp_generate_password( 24 ), 'user_email' => "cost$i@example.org", 'role' => 'subscriber' ) );
}
list( $thread ) = Chatpulse\Threads::create( $users[0], 'group', 'What batches cost', array_slice( $users, 1 ) );
$send           = static fn( int $user ): array => array( 'op' => 'send', 'user' => $user, 'thread_id' => $thread, 'client_id' => wp_generate_uuid4(), 'content' => 'Hello, how are you? See you at eight.' );
$all            = static fn(): array => array_map( $send, $users );
$receipts       = static function ( string $op ) use ( $users, $thread, $send ): callable {
	return static function () use ( $op, $users, $thread, $send ): array {
		$id = batch( array( $send( $users[0] ) ) )[0]['body']['message']['id'];
		return array_map( static fn( int $user ): array => array( 'op' => $op, 'user' => $user, 'thread_id' => $thread, 'message_ids' => array( $id ) ), $users );
	};
};

update_option( 'chatpulse_rate_limit', 0 );
printf( "%-34s %8s %8s %8s\n", 'milliseconds a batch', 'PHP', 'MariaDB', 'answer' );
foreach (
	array(
		'nothing'                    => static fn(): array => array(),
		'1 message'                  => static fn(): array => array( $send( $users[0] ) ),
		'200 messages of 200 users'  => $all,
		'1 message, read by 200'     => $receipts( 'read' ),
		'1 message, delivered to 200' => $receipts( 'deliver' ),
	) as $what => $make
) {
	batch( $make() );
	$before = array( used( $dir, 'php' ), used( $dir, 'mariadb' ), hrtime( true ) );
	for ( $i = 0; $i < BATCHES; $i++ ) {
		batch( $make() );
	}
	printf( "%-34s %8.1f %8.1f %8.1f\n", $what, ( used( $dir, 'php' ) - $before[0] ) / BATCHES, ( used( $dir, 'mariadb' ) - $before[1] ) / BATCHES, ( hrtime( true ) - $before[2] ) / 1e6 / BATCHES );
}
update_option( 'chatpulse_rate_limit', $limit );
